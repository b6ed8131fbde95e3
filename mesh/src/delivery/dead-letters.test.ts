// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { DeadLetterSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { expect, test } from "vitest";
import { EchoSaidSchema } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { openTestBroker } from "../broker/testdata/test-broker.ts";
import { Contracts } from "../contracts/contracts.ts";
import { MeshError } from "../mesh-error.ts";
import { type Burial, DeadLetters } from "./dead-letters.ts";

const contracts = Contracts.of({ events: [EchoSaidSchema] });
const operation = {
  kind: "event",
  name: EchoSaidSchema.typeName,
  agent: "test.ear",
  handler: "listen",
  input: EchoSaidSchema,
  timeoutMs: 5_000,
  permission: undefined,
  asksOnly: false,
} as const;

function burial(change: Partial<Burial> = {}): Burial {
  const nothing = () => {};
  return {
    hearing: { contract: contracts.event(EchoSaidSchema), operation, from: "now", handle: async () => undefined },
    pulled: {
      stream: "EVENTS",
      sequence: 7,
      subject: "ns.evt.medium.x.0.k",
      headers: new Map(),
      payload: new Uint8Array(),
      deliveryCount: 1,
      storedAt: 0,
      ack: nothing,
      nak: nothing,
      term: nothing,
      working: nothing,
      prove: nothing,
      notBefore: 0,
    },
    header: undefined,
    attempts: [],
    error: new MeshError({ code: "REFUSED", message: "no" }),
    diedAt: 1_000,
    ...change,
  };
}

test("a message that is buried again, after a crash or by another instance, leaves the first letter; another one at its place has its own", async () => {
  await using test = await openTestBroker();
  const { broker, names, appender, subjects } = test;
  const deadLetters = new DeadLetters({ appender, subjects, contractDigest: "d" });
  await deadLetters.bury(burial());
  await deadLetters.bury(burial({ diedAt: 2_000 }));
  const other = burial();
  await deadLetters.bury({ ...other, hearing: { ...other.hearing, operation: { ...operation, handler: "other" } } });
  await deadLetters.bury({ ...other, pulled: { ...other.pulled, sequence: 8 } });
  // Of a stream that was deleted and made again: another message at the same place.
  await deadLetters.bury({ ...other, pulled: { ...other.pulled, storedAt: 1 } });

  expect((await broker.manager.streams.info(names.dead)).state.messages).toBe(4);
  const first = await broker.manager.streams.getMessage(names.dead, { seq: 1 });
  const letter = fromBinary(DeadLetterSchema, first?.data ?? new Uint8Array());
  expect(letter.diedAt && timestampMs(letter.diedAt)).toBe(1_000);
  expect(first?.subject).toBe(subjects.deadLetter("test.ear", "listen", letter.id));
});

test("a message too large for its letter that is buried again leaves the first letter too", async () => {
  await using test = await openTestBroker();
  const { broker, names, appender, subjects } = test;
  const deadLetters = new DeadLetters({ appender, subjects, contractDigest: "d" });
  const large = burial();
  const pulled = { ...large.pulled, payload: new Uint8Array(broker.connection.info?.max_payload ?? 0) };
  await deadLetters.bury({ ...large, pulled });
  await deadLetters.bury({ ...large, pulled, diedAt: 2_000 });
  expect((await broker.manager.streams.info(names.dead)).state.messages).toBe(1);
});
