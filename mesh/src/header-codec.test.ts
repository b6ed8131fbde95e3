// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import type { MessageHeader } from "./header.ts";
import { encodeHeaderValue, readHeader, writeHeader } from "./header-codec.ts";

const whole: MessageHeader = {
  messageId: "m-1",
  correlationId: "c-1",
  causationId: "m-0",
  conversationId: "talk 7",
  workflowId: "w-1",
  sourceAgentId: "scheduling.user",
  targetAgentId: "scheduling.provider",
  messageType: "parley.scheduling.v1.SlotHeld",
  name: "SLOT_HELD",
  timestamp: Date.UTC(2026, 0, 31, 12, 0, 0, 250),
  priority: "CRITICAL",
  expires: Date.UTC(2026, 1, 1),
  attempt: 3,
  hops: 4,
};

function written(header: MessageHeader, payload?: Parameters<typeof writeHeader>[2]): Map<string, string> {
  const headers = new Map<string, string>();
  writeHeader(header, (name, value) => headers.set(name, value), payload);
  return headers;
}

function read(entries: Readonly<Record<string, string>>): MessageHeader | undefined {
  return readHeader((name) => entries[name], 17);
}

test("the names and values on the wire are pinned", () => {
  const payload = { key: "Dr. Müller", contentType: "application/protobuf", schema: "parley.scheduling.v1.SlotHeld" };
  expect(Object.fromEntries(written(whole, payload))).toEqual({
    "ce-specversion": "1.0",
    "ce-id": "m-1",
    "ce-source": "scheduling.user",
    "ce-type": "parley.scheduling.v1.SlotHeld",
    "ce-time": "2026-01-31T12:00:00.250Z",
    "ce-name": "SLOT_HELD",
    "ce-target": "scheduling.provider",
    "ce-correlationid": "c-1",
    "ce-causationid": "m-0",
    "ce-conversationid": "talk%207",
    "ce-workflowid": "w-1",
    "ce-priority": "critical",
    "ce-expirytime": "2026-02-01T00:00:00.000Z",
    "ce-attempt": "3",
    "ce-hops": "4",
    "ce-subject": "Dr.%20M%C3%BCller",
    "ce-datacontenttype": "application/protobuf",
    "ce-dataschema": "parley.scheduling.v1.SlotHeld",
    "X-Agent-ID": "scheduling.user",
    "X-Conversation-ID": "talk%207",
  });
});

test("a header is read as it was written", () => {
  const headers = written(whole);
  expect(readHeader((name) => headers.get(name))).toEqual(whole);
});

test("any text survives as a header value, which is visible ASCII only", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
      const headers = written({ ...whole, conversationId: text });
      expect(headers.get("ce-conversationid")).toMatch(/^[\x21-\x7e]+$/);
      expect(readHeader((name) => headers.get(name))?.conversationId).toBe(text.toWellFormed());
    }),
  );
});

test("a value that looks encoded is not decoded twice", () => {
  const headers = written({ ...whole, conversationId: "100%20" });
  expect(headers.get("ce-conversationid")).toBe("100%2520");
  expect(readHeader((name) => headers.get(name))?.conversationId).toBe("100%20");
});

test("line breaks cannot begin another header", () => {
  expect(encodeHeaderValue("a\r\nce-id: forged")).toBe("a%0D%0Ace-id:%20forged");
});

test("a message without ce-id is none of the mesh", () => {
  expect(read({ "ce-type": "x", "x-agent-id": "old" })).toBeUndefined();
});

test("what another CloudEvents sender leaves out gets the values of a first message", () => {
  expect(read({ "ce-id": "1", "ce-type": "t", "ce-source": "/s" })).toMatchObject({
    messageId: "1",
    correlationId: "1",
    name: "t",
    timestamp: 17,
    attempt: 1,
    hops: 0,
  });
});

test("agent and conversation of an older peer are accepted under its names, the CloudEvents ones win", () => {
  const old = { "ce-id": "1", "ce-type": "t", "x-agent-id": "old", "x-conversation-id": "talk" };
  expect(read(old)).toMatchObject({ sourceAgentId: "old", conversationId: "talk" });
  const both = { ...old, "ce-source": "new", "ce-conversationid": "newer" };
  expect(read(both)).toMatchObject({ sourceAgentId: "new", conversationId: "newer" });
});

test.each([
  ["ce-specversion", "2.0"],
  ["ce-id", "%zz"],
  ["ce-time", "yesterday"],
  ["ce-time", "1"],
  ["ce-priority", "urgent"],
  ["ce-priority", "constructor"],
  ["ce-expirytime", "2026-13-45T99:99:99Z"],
  ["ce-attempt", "0"],
  ["ce-attempt", "1.5"],
  ["ce-hops", "-1"],
  ["ce-hops", "99999999999999999999"],
])("a bad %s is refused with its name and value: %s", (name, value) => {
  const headers = { "ce-id": "1", "ce-type": "t", "ce-source": "s", [name]: value };
  expect(() => read(headers)).toThrow(
    expect.objectContaining({ code: "UNDECODABLE", message: expect.stringContaining(`"${name}" is "${value}"`) }),
  );
});

test.each(["ce-type", "ce-source"])("a message without %s is refused with the header's name", (name) => {
  const headers: Record<string, string> = { "ce-id": "1", "ce-type": "t", "ce-source": "s" };
  delete headers[name];
  expect(() => read(headers)).toThrow(
    expect.objectContaining({ code: "UNDECODABLE", message: expect.stringContaining(name) }),
  );
});
