// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Package of the mesh's own services and events. */
export const ownDomain = "parley.mesh.v1";
