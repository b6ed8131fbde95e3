// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MeshError } from "../mesh-error.ts";

const over = new WeakSet<MeshError>();

/** Marks the error of a command whose message came again after another method was to take it over: it is not tried any more. */
export function takenOver(error: MeshError): MeshError {
  over.add(error);
  return error;
}

/** Whether a command failed because another method was to take it over already. */
export function wasTakenOver(error: MeshError): boolean {
  return over.has(error);
}
