// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// Whoever compiles this file for another package finds the types so.
/// <reference path="./swagger-ui-dist.d.ts" />

import { readFileSync } from "node:fs";
import { join } from "node:path";
import swaggerFolder from "swagger-ui-dist/absolute-path.js";
import type { Whole } from "../write.ts";
import { file, page } from "./page.ts";

const html = `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>REST of this mesh</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" href="data:,">
  </head>
  <body>
    <noscript>This page needs JavaScript; /openapi.json says the same to programs.</noscript>
    <div id="reference"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/reference.js"></script>
  </body>
</html>
`;

/** Asks no one else: the renderer would have the document validated by a public service. */
const script = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#reference", deepLinking: true, validatorUrl: null });
`;

/** The renderer's own files, and their types. */
const installed: ReadonlyMap<string, string> = new Map([
  ["swagger-ui.css", "text/css; charset=utf-8"],
  ["swagger-ui-bundle.js", "text/javascript; charset=utf-8"],
]);
const loaded = new Map<string, Uint8Array>();

/** The page that shows the OpenAPI document to people, and the files that it loads; undefined for any other path. */
export function referencePage(path: string): Whole | undefined {
  if (path === "/docs" || path === "/docs/") return page(html);
  if (path === "/docs/reference.js") return file("text/javascript; charset=utf-8", script);
  const name = path.replace(/^\/docs\//, "");
  const type = installed.get(name);
  return type === undefined ? undefined : file(type, contentOf(name));
}

function contentOf(name: string): Uint8Array {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const content = readFileSync(join(swaggerFolder(), name));
  loaded.set(name, content);
  return content;
}
