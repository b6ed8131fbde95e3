// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "@parley/mesh";
import type { Request } from "@parley/mesh/calls";

/** HTTP methods that must not change anything. */
const safe: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses what a page of another site has its visitor's browser do. Browsers say so themselves; other clients never do. A
 * page could not read the answer, since none allows it by CORS headers, but the deed would be done.
 *
 * @throws MeshError PERMISSION_DENIED
 */
export function assertSameSite({ method = "GET", headers }: Request): void {
  const site = headers["sec-fetch-site"];
  if (safe.has(method) || site === undefined || site === "same-origin" || site === "none") return;
  const message =
    "pages of another origin may not call this; have the page's own server call it, or serve both from one origin";
  throw new MeshError({ code: "PERMISSION_DENIED", message });
}
