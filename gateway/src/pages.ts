// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "@parley/mesh";
import type { Request } from "@parley/mesh/calls";
import { errorsPage } from "./docs/errors-page.ts";
import { referencePage } from "./docs/reference-page.ts";
import { frontPage } from "./front-page.ts";
import { problem } from "./rest/problem.ts";
import type { Served } from "./served.ts";
import { text, type Whole } from "./write.ts";

/** What the gateway itself answers to who reads it; undefined: nothing on that path. No contract's path gets in their way. */
export function pageFor(request: Request, path: string, served: Served): Whole | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  switch (path) {
    case "/":
      return text(200, frontPage(served));
    case "/openapi.json":
      return openApi(served);
    case "/docs/errors":
      return errorsPage();
    default:
      return referencePage(path);
  }
}

/** A contract that no document can be made of must not look like a gateway that is down. */
function openApi(served: Served): Whole {
  try {
    return { status: 200, headers: fresh, body: served.openApi() };
  } catch (thrown) {
    return problem(MeshError.from(thrown));
  }
}

/** The document changes whenever agents come and go. */
const fresh = [
  ["content-type", "application/json"],
  ["cache-control", "no-cache"],
] as const;
