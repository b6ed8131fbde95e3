// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { JsonObject } from "@bufbuild/protobuf";
import { type ErrorCode, errorCodes } from "@parley/mesh";
import { problemType } from "../rest/problem.ts";
import { statusOf } from "../rest/status.ts";

const codes = Object.keys(errorCodes) as ErrorCode[];

/** Every status that a call can be answered with when it fails, each with its codes; for `components.responses`. */
export const problemResponses: JsonObject = Object.fromEntries(
  [...new Set(codes.map(statusOf))].sort().map((status) => {
    const lines = codes
      .filter((code) => statusOf(code) === status)
      .map((code) => `- \`${code}\`: ${errorCodes[code].sentence}`);
    return [`Problem${status}`, response(lines.join("\n"))];
  }),
);

/** What every operation can answer when it fails. */
export const problemsOfEach: JsonObject = {
  ...Object.fromEntries(
    [400, 403, 404, 409, 422, 429, 500, 503, 504].map((status) => [
      String(status),
      { $ref: `#/components/responses/Problem${status}` },
    ]),
  ),
  default: { $ref: "#/components/responses/Problem" },
};

/** Whatever else goes wrong. */
export const anyProblem = response("Whatever else went wrong.");

/** The schema of a problem. */
export const problemSchema: JsonObject = {
  type: "object",
  description: "An error as RFC 9457 writes it, with what the mesh says besides. Go by its code.",
  required: ["type", "title", "status", "detail", "code", "class", "may_have_run"],
  properties: {
    type: { type: "string", format: "uri-reference", description: "Page that explains the code." },
    title: { type: "string", description: "What the code means." },
    status: { type: "integer", description: "The HTTP status." },
    detail: { type: "string", description: "What happened, with which value, and what to do next; for developers." },
    code: { type: "string", examples: codes, description: "Stable; new ones may come." },
    class: { type: "string", enum: [...new Set(codes.map((code) => errorCodes[code].errorClass))].sort() },
    may_have_run: {
      type: "boolean",
      description: "Whether it may have been done: then repeat only what is idempotent.",
    },
    retry_after: { type: "integer", description: "Seconds before which a repeat makes no sense." },
    user_message: { type: "string", description: "May be shown to a person." },
    violations: {
      type: "array",
      items: {
        type: "object",
        required: ["field", "rule", "message"],
        properties: { field: { type: "string" }, rule: { type: "string" }, message: { type: "string" } },
      },
    },
  },
};

function response(description: string): JsonObject {
  return {
    description,
    headers: { "Retry-After": { schema: { type: "integer" }, description: "Seconds; where a time is known." } },
    content: { [problemType]: { schema: { $ref: "#/components/schemas/Problem" } } },
  };
}
