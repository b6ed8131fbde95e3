// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MeshError } from "@parley/mesh";

/** A request that is refused for how it was sent; HTTP has a status for that, the mesh's code is less exact. */
export class RefusedRequest extends Error {
  override readonly name = "RefusedRequest";
  readonly status: number;
  readonly error: MeshError;

  constructor(status: number, error: MeshError) {
    super(error.message, { cause: error });
    this.status = status;
    this.error = error;
  }
}
