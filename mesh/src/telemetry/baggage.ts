// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Baggage, type BaggageEntry, baggageEntryMetadataFromString, propagation } from "@opentelemetry/api";

/** Limits of the specification; what is beyond them is not passed on. */
const maxEntries = 64;
const maxLength = 8192;

/**
 * Reads a `baggage` header; undefined when nothing in it is usable. Broken entries are left out.
 *
 * @see https://www.w3.org/TR/baggage/
 */
export function parseBaggage(text: string): Baggage | undefined {
  if (text.length > maxLength) return undefined;
  const entries: [string, BaggageEntry][] = [];
  for (const member of text.split(",").slice(0, maxEntries)) {
    const entry = parseEntry(member);
    if (entry !== undefined) entries.push(entry);
  }
  return entries.length === 0 ? undefined : propagation.createBaggage(Object.fromEntries(entries));
}

function parseEntry(member: string): [string, BaggageEntry] | undefined {
  const [pair = "", ...properties] = member.split(";");
  const equals = pair.indexOf("=");
  const key = pair.slice(0, Math.max(0, equals)).trim();
  if (key === "") return undefined;
  try {
    const value = decodeURIComponent(pair.slice(equals + 1).trim());
    if (properties.length === 0) return [key, { value }];
    return [key, { value, metadata: baggageEntryMetadataFromString(properties.join(";")) }];
  } catch {
    return undefined;
  }
}

/** Writes a `baggage` header; empty when there is nothing to write. */
export function formatBaggage(baggage: Baggage): string {
  let text = "";
  for (const [key, { value, metadata }] of baggage.getAllEntries().slice(0, maxEntries)) {
    const properties = metadata === undefined ? "" : `;${metadata.toString()}`;
    const member = `${key}=${encodeURIComponent(value)}${properties}`;
    if (text.length + member.length + 1 > maxLength) break;
    text += text === "" ? member : `,${member}`;
  }
  return text;
}
