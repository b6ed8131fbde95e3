// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MeshError } from "../mesh-error.ts";

/** Whether an error says something about who was asked, rather than about the request or its sender. */
export function tellsOfHealth({ code, errorClass }: MeshError): boolean {
  return code !== "CANCELED" && unwell.has(errorClass);
}

const unwell: ReadonlySet<string> = new Set(["TRANSIENT", "UNAVAILABLE", "TIMEOUT", "INTERNAL"]);
