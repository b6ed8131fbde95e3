// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, toBinary } from "@bufbuild/protobuf";
import { onTestFinished } from "vitest";
import { type EchoSaid, EchoSaidSchema } from "../../../../test/gen/parley/test/v1/echo_pb.js";
import { type Broker, connectBroker } from "../../broker/connection.ts";
import type { Lane } from "../../broker/lane.ts";
import { domain, openTestBroker, type TestBroker } from "../../broker/testdata/test-broker.ts";
import { systemClock } from "../../clock.ts";
import { Contracts } from "../../contracts/contracts.ts";
import { headerFor, type Priority } from "../../header.ts";
import { writeHeader } from "../../header-codec.ts";
import type { Incoming } from "../../pipeline/incoming.ts";
import { DeadLetters } from "../dead-letters.ts";
import { Deliveries, type DeliveriesInit } from "../deliveries.ts";
import type { Hearing } from "../hearing.ts";

/** A namespace in which instances hear EchoSaid. */
export interface TestDeliveries extends TestBroker {
  /** Stores events of these keys, in order, and resolves when EVENTS has them. */
  say(...keys: readonly string[]): Promise<void>;
  /** Stores commands for {@link commandHearerOf} in a lane, and resolves when COMMANDS has them. */
  order(lane: Lane, count: number, key?: string): Promise<void>;
  /** Commands that its durables have not delivered, or delivered and not settled. */
  open(what: "undelivered" | "unsettled", part?: string): Promise<number>;
  /** One more instance, with a connection of its own. Stops at the end of the test. */
  instance(hearings: readonly Hearing[], more?: Partial<DeliveriesInit>): Promise<TestInstance>;
}

/** What would be one process. */
export interface TestInstance {
  readonly deliveries: Deliveries;
  readonly broker: Broker;
}

const method = "parley.test.v1.EchoService/Tell";
const priorities = { critical: "CRITICAL", high: "HIGH", medium: "MEDIUM", low: "LOW" } as const satisfies Record<
  Lane,
  Priority
>;

export const contracts = Contracts.of({ events: [EchoSaidSchema] });

/** Opens a namespace on the broker of the run; `await using` deletes it. */
export async function openTestDeliveries(url?: string): Promise<TestDeliveries> {
  const test = await openTestBroker(url);
  const { broker, subjects, names, appender } = test;
  const contract = contracts.event(EchoSaidSchema);
  let [said, ordered] = [0, 0];
  const stored = async (stream: string, count: number) => {
    while ((await broker.manager.streams.info(stream)).state.messages < count) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const store = (text: string, key: string, subjectOf: (id: string) => string) => {
    const header = headerFor({
      sourceAgentId: "test.speaker",
      messageType: EchoSaidSchema.typeName,
      name: contract.name,
      timestamp: Date.now(),
      priority: contract.priority,
    });
    const headers = new Map<string, string>();
    writeHeader(header, (name, value) => headers.set(name, value), { key, contentType: "application/protobuf" });
    const payload = toBinary(EchoSaidSchema, create(EchoSaidSchema, { key, text }));
    return appender.append({ subject: subjectOf(header.messageId), payload, headers, id: header.messageId });
  };
  return {
    ...test,
    async say(...keys) {
      const subject = (key: string) => subjects.outgoingEvent(contract, key);
      await Promise.all(keys.map((key) => store(`${key} ${++said}`, key, () => subject(key))));
      await stored(names.events, said);
    },
    async order(lane, count, key = "k") {
      const priority = priorities[lane];
      const subject = (id: string) => subjects.outgoingCommand({ name: method, priority, id, key }, domain);
      await Promise.all(Array.from({ length: count }, () => store(`${lane} ${++ordered}`, key, subject)));
      await stored(names.commands, ordered);
    },
    async open(what, part = "") {
      let sum = 0;
      for await (const info of broker.manager.consumers.list(names.commands)) {
        if (!info.name.endsWith(part)) continue;
        sum += what === "undelivered" ? info.num_pending : info.num_ack_pending;
      }
      return sum;
    },
    async instance(hearings, more = {}) {
      const own = await connectBroker({ url: broker.url, name: "instance" });
      const deliveries = new Deliveries({
        broker: own,
        subjects,
        clock: systemClock,
        random: () => 0,
        deadLetters: new DeadLetters({ appender, subjects, contractDigest: "d" }),
        ...more,
      });
      onTestFinished(async () => {
        await deliveries.stop();
        await deliveries.settled(100);
        await own.close();
      });
      await Promise.all(hearings.map((hearing) => deliveries.begin(hearing)));
      return { deliveries, broker: own };
    },
  };
}

/** Runs commands of a method that is in no contract. */
export function commandHearerOf(
  handle: (lane: string, key: string) => Promise<void> | void,
  more: Partial<Hearing> = {},
): Hearing {
  const hearer = hearerOf(({ text, key }) => handle(text.split(" ")[0] ?? "", key), more);
  return { ...hearer, operation: { ...hearer.operation, kind: "command", name: method, handler: method } };
}

/** A hearer of EchoSaid from what is retained. */
export function hearerOf(
  handle: (said: EchoSaid, incoming: Incoming) => Promise<void> | void,
  more: Partial<Hearing> & { readonly name?: string } = {},
): Hearing {
  const { name = "listen", ...rest } = more;
  return {
    contract: contracts.event(EchoSaidSchema),
    operation: {
      kind: "event",
      name: EchoSaidSchema.typeName,
      agent: "test.ear",
      handler: name,
      input: EchoSaidSchema,
      timeoutMs: 5_000,
      permission: undefined,
      asksOnly: false,
    },
    from: "retained",
    handle: async (incoming) => void (await handle(incoming.message as EchoSaid, incoming)),
    ...rest,
  };
}
