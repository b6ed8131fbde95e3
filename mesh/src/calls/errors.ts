// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// Errors and nothing else: for programs that only call, such as a command line, and shall not load all of the mesh for it.

export { type ErrorClass, type ErrorCode, errorCodes } from "../error-codes.ts";
export { MeshError, type MeshErrorInit, type Violation } from "../mesh-error.ts";
export { fromConnectError, toConnectError } from "./connect-error.ts";
