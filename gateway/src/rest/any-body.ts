// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescField, DescMessage, JsonValue } from "@bufbuild/protobuf";
import type { HttpBinding } from "@parley/mesh/contracts";
import type { Whole } from "../write.ts";

/** Whether the request's body is a google.api.HttpBody: bytes of whatever type, and no JSON. */
export function takesAnyBody({ body, desc }: HttpBinding): boolean {
  if (body.kind === "none") return false;
  return isHttpBody(body.kind === "whole" ? desc.input : messageOf(body.field));
}

/** Whether the answer's body is one. Of a stream it is none: its messages have to be told apart. */
export function givesAnyBody({ desc, responseBody }: HttpBinding): boolean {
  if (desc.methodKind !== "unary") return false;
  return isHttpBody(responseBody === undefined ? desc.output : messageOf(responseBody));
}

/** Such a body as ProtoJSON of the message. */
export function anyBodyJson(contentType: string | undefined, data: Buffer): string {
  return JSON.stringify({ content_type: contentType ?? "", data: data.toString("base64") });
}

/**
 * The answer that such a body is. It comes from an agent and may be a page: it must not act in the name of the gateway, so
 * browsers put it into a sandbox.
 *
 * @param json ProtoJSON of the message; null: it is not set
 */
export function anyBody(json: JsonValue): Whole {
  const { content_type: type, data } = isObject(json) ? json : {};
  const headers = [
    ["content-type", typeof type === "string" && isMediaType(type) ? type : "application/octet-stream"],
    ["content-security-policy", "default-src 'none'; sandbox"],
  ] as const;
  return { status: 200, headers, body: Buffer.from(typeof data === "string" ? data : "", "base64") };
}

function messageOf(field: DescField): DescMessage | undefined {
  return field.fieldKind === "message" ? field.message : undefined;
}

function isHttpBody(desc: DescMessage | undefined): boolean {
  return desc?.typeName === "google.api.HttpBody";
}

function isMediaType(text: string): boolean {
  return /^[\w.+-]+\/[\w.+-]+(;[\x20-\x7e]*)?$/.test(text);
}

function isObject(json: JsonValue): json is { [name: string]: JsonValue } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
