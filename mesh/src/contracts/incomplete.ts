// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";

/** The error of a contract that lacks `option` at every level that could set it. */
export function incomplete(element: string, option: string, consequence = "at any level"): MeshError {
  return new MeshError({
    code: "CONTRACT_INCOMPLETE",
    message: `"${element}" does not set option ${option}, ${consequence}; add it to the contract`,
  });
}

/** The value, or the error that says which option has to give it. An empty text counts as missing. */
export function required<Value>(value: Value | undefined, element: string, option: string): Value {
  if (value === undefined || value === "") throw incomplete(element, option);
  return value;
}
