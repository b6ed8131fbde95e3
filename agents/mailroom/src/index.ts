// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { mailroom } from "./mailroom.ts";
