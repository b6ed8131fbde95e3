// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { shown, undecodable } from "../undecodable.ts";
import { RefusedRequest } from "./refused-request.ts";

/** How the messages of a stream are written. */
export type StreamFormat = "sse" | "ndjson";

/** Media type of each format. */
export const streamTypes: Readonly<Record<StreamFormat, string>> = {
  sse: "text/event-stream",
  ndjson: "application/x-ndjson",
};

/** @throws RefusedRequest with status 415 when a body is compressed */
export function assertPlain(encoding: string | undefined): void {
  if (encoding === undefined || encoding.toLowerCase() === "identity") return;
  throw refused(`content-encoding ${shown(encoding)} is not understood here; send the body as it is`);
}

/**
 * Refuses a body that is not said to be JSON in UTF-8. Only such a one cannot be sent by a plain form of another site's page.
 *
 * @throws RefusedRequest with status 415
 */
export function assertJson(contentType: string | undefined): void {
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith("charset="));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (!/^application\/([\w.-]+\+)?json$/.test(type.trim()) || !isUtf8) {
    throw refused(`content-type ${shown(contentType ?? "")} is not understood; send "application/json"`);
  }
}

/**
 * The format that a client wants a stream in: what it names, the last one of these with the highest weight; NDJSON when it
 * takes anything or plain JSON.
 *
 * @throws RefusedRequest with status 406 when it takes neither
 */
export function streamFormat(accept: string | undefined): StreamFormat {
  const taken = accepted(accept);
  const sse = taken("text/event-stream");
  const ndjson = Math.max(...["application/x-ndjson", "application/jsonl", "application/json"].map(taken));
  if (sse === 0 && ndjson === 0) throw notAcceptable(accept, 'a stream; it comes as "text/event-stream" or NDJSON');
  // A page's EventSource names its type; whoever takes anything weighs both alike.
  return sse > ndjson ? "sse" : "ndjson";
}

/** @throws RefusedRequest with status 406 when a client takes no JSON */
export function assertTakesJson(accept: string | undefined): void {
  if (accepted(accept)("application/json") === 0)
    throw notAcceptable(accept, 'an answer; it comes as "application/json"');
}

/** The weight of a media type in an Accept header; the most exact range counts. @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1 */
function accepted(accept: string | undefined): (type: string) => number {
  if (accept === undefined || accept.trim() === "") return () => 1;
  const ranges = new Map<string, number>();
  for (const range of accept.toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((one) => one.trim());
    const weight = parameters.find((one) => one.startsWith("q="));
    ranges.set(type, weight === undefined ? 1 : Number(weight.slice(2)) || 0);
  }
  return (type) => ranges.get(type) ?? ranges.get(`${type.split("/", 1)[0]}/*`) ?? ranges.get("*/*") ?? 0;
}

function notAcceptable(accept: string | undefined, what: string): RefusedRequest {
  const message = `"accept: ${(accept ?? "").slice(0, 80)}" leaves no form for ${what}`;
  return new RefusedRequest(406, undecodable(message));
}

function refused(message: string): RefusedRequest {
  return new RefusedRequest(415, undecodable(message));
}
