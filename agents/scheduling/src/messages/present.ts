// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "@parley/mesh";

/**
 * A field without which its message means nothing, and which whoever wrote the message has set.
 *
 * @throws MeshError INVALID_MESSAGE when it is not there after all
 */
export function present<T>(field: T | undefined): T {
  if (field !== undefined) return field;
  throw new MeshError({ code: "INVALID_MESSAGE", message: "a stored message lacks a field that it always has" });
}
