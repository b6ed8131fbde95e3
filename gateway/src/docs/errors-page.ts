// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ErrorCode, errorCodes } from "@parley/mesh";
import { statusOf } from "../rest/status.ts";
import type { Whole } from "../write.ts";
import { page } from "./page.ts";

/** The page that the type of every problem leads to: each code, what it means and what to do. */
export function errorsPage(): Whole {
  const codes = Object.keys(errorCodes) as ErrorCode[];
  return page(`<!DOCTYPE html>
<html lang="en">
  <head><meta charset="utf-8"><title>Errors</title><link rel="icon" href="data:,"></head>
  <body>
    <h1>Errors</h1>
    <p>Go by the code; a code keeps its meaning.</p>
    <dl>
${codes.map(entry).join("\n")}
    </dl>
  </body>
</html>
`);
}

function entry(code: ErrorCode): string {
  const { sentence, errorClass, remedy } = errorCodes[code];
  const status = `HTTP ${statusOf(code)}, class ${errorClass}`;
  return `      <dt id="${code}"><strong>${code}</strong> (${status})</dt><dd>${escaped(sentence)} ${escaped(remedy)}</dd>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
