// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";

/** Longer keys do not fit into subjects and consumer filters that hold several of them. */
const maxBytes = 180;
const plain = /^[A-Za-z0-9_-]+$/;

/**
 * A business key as one token of a subject: itself where it is letters, digits, `_` and `-` only, else `=` and base64url of
 * its UTF-8. No two keys have the same token, and none can add a token or a wildcard to a subject.
 *
 * @throws MeshError INVALID_KEY when it is longer than 180 bytes or no well-formed text.
 */
export function keyToken(key: string): string {
  const bytes = Buffer.byteLength(key, "utf8");
  if (bytes > maxBytes) throw invalid(key, `is ${bytes} bytes long, more than ${maxBytes}`);
  if (!key.isWellFormed()) throw invalid(key, "is no well-formed text: it holds half of a surrogate pair");
  return plain.test(key) ? key : `=${Buffer.from(key, "utf8").toString("base64url")}`;
}

/** The key that {@link keyToken} made a token of. */
export function keyOfToken(token: string): string {
  return token.startsWith("=") ? Buffer.from(token.slice(1), "base64url").toString("utf8") : token;
}

/**
 * The name of an agent, hearer or journal as one token of a subject or of a durable consumer's name: `.` becomes `-`, what is
 * neither letter, digit nor `_` becomes `=` and its UTF-8 in hexadecimal. No two names have the same token.
 *
 * @throws MeshError INVALID_KEY when it is empty or longer than 180 bytes.
 */
export function nameToken(name: string): string {
  if (name === "" || Buffer.byteLength(name, "utf8") > maxBytes)
    throw invalid(name, `is not 1 to ${maxBytes} bytes long`);
  return name.replace(/[^A-Za-z0-9_]/gu, (character) =>
    character === "." ? "-" : `=${Buffer.from(character, "utf8").toString("hex")}`,
  );
}

/** One character in hexadecimal: its first byte tells how many it has. */
const escaped = /=([0-7][0-9a-f]|[cd][0-9a-f].{2}|e[0-9a-f].{4}|f[0-9a-f].{6})/g;

/** The name that {@link nameToken} made a token of. */
export function nameOfToken(token: string): string {
  return token.replaceAll("-", ".").replace(escaped, (_, hex: string) => Buffer.from(hex, "hex").toString("utf8"));
}

function invalid(key: string, why: string): MeshError {
  return new MeshError({ code: "INVALID_KEY", message: `key ${JSON.stringify(key.slice(0, 60))} ${why}` });
}
