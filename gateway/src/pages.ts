// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Request } from "@parley/mesh/calls";
import { frontPage } from "./front-page.ts";
import type { Served } from "./served.ts";
import { text, type Whole } from "./write.ts";

/** What the gateway itself answers to who reads it in a browser; unset: nothing on that path. */
export function pageFor(request: Request, path: string, served: Served): Whole | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  return path === "/" ? text(200, frontPage(served)) : undefined;
}
