// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomBytes } from "node:crypto";
import { type DescMessage, fromBinary, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import type { Agent } from "../agent/define-agent.ts";
import { host } from "../agent/host.ts";
import type { Host, HostOptions } from "../agent/host-options.ts";
import { type Broker, connectBroker } from "../broker/connection.ts";
import { deleteNamespace } from "../broker/namespace.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Observation } from "../pipeline/observation.ts";
import { CommandRecorder } from "./command-recorder.ts";
import { EventRecorder } from "./event-recorder.ts";
import { ManualClock } from "./manual-clock.ts";
import { Settlement } from "./settlement.ts";
import { SourceMarks } from "./source-marks.ts";
import { testBroker } from "./test-broker.ts";

/** What a test mesh is made of. */
export interface TestMeshOptions extends Pick<HostOptions, "random" | "port" | "weight" | "heartbeat" | "sagaSweepMs"> {
  readonly agents: readonly Agent[];
  /** Default: see {@link testBroker}. */
  readonly broker?: string | undefined;
  /** Default: a new one, which is deleted in the end. Give another mesh's to have a second host in it; end that one first. */
  readonly namespace?: string | undefined;
  /** Default: a manual clock; its jitter is none. */
  readonly clock?: ManualClock | undefined;
}

/** A host on a real broker, in a namespace of its own, with a clock that is moved by hand. */
export interface TestMesh extends Host {
  readonly clock: ManualClock;
  readonly events: EventRecorder;
  readonly commands: CommandRecorder;
  /** All that was said and heard so far. */
  readonly observed: readonly Observation[];
  /** The first event of a type with these fields, published before or after; waits in real time, so bound the test. */
  heard<D extends DescMessage>(event: D, where?: MessageInitShape<D>): Promise<MessageShape<D>>;
  /**
   * Lets contract time pass: from timer to timer, and at each one until all has {@link settled} that it brought about, so that
   * what it sets in motion begins at that very time.
   */
  advance(ms: number): Promise<void>;
  /**
   * Waits exactly until nothing moves any more in the test meshes of this namespace: what is stored has come to all that hear
   * it here, what they ask of the broker or of each other is answered, the projections have seen it all. A message that waits
   * for a retry, behind a shut valve or among the dead does not move. Nor does a handler that waits for the clock or for what
   * only the test can bring; as nobody but its author knows what else it waits for, one with a timer of its own, a file or an
   * outside system is not waited for either. What is given back to the broker for half a second or longer is not.
   *
   * @throws Error after thirty real seconds, with what still moves: a call to a server that is none of these meshes and does
   *   not answer, or a part of the mesh that asks in vain
   */
  settled(): Promise<void>;
  /** All dead letters so far, oldest first. */
  deadLetters(): Promise<readonly DeadLetter[]>;
}

/** Starts a mesh for one test. `await using mesh = await testMesh({ agents })` ends it and deletes all that it stored. */
export async function testMesh(options: TestMeshOptions): Promise<TestMesh> {
  await using opening = new AsyncDisposableStack();
  const url = options.broker ?? (await testBroker());
  const namespace = options.namespace ?? `test-${randomBytes(6).toString("hex")}`;
  const clock = options.clock ?? new ManualClock();
  const observed: Observation[] = [];
  const settlement = settlements.get(namespace) ?? new Settlement(namespace);
  settlements.set(namespace, settlement);
  if (options.namespace === undefined) opening.defer(() => void settlements.delete(namespace));
  const { movement } = settlement;
  // What the test itself asks moves nothing.
  const broker = opening.use(await connectBroker({ url, name: namespace }));
  if (options.namespace === undefined) opening.defer(() => deleteNamespace(broker, namespace));
  const hosted = opening.use(
    await host({
      agents: options.agents,
      broker: url,
      namespace,
      clock,
      random: options.random ?? (() => 0),
      port: options.port,
      weight: options.weight,
      heartbeat: options.heartbeat,
      sagaSweepMs: options.sagaSweepMs,
      drainMs: 1_000,
      observer: (observation) => observed.push(observation),
      traffic: movement,
    }),
  );
  const marks = new SourceMarks();
  const onMessage = (message: PulledMessage) => {
    marks.note(message);
    movement.stored(message);
  };
  const events = opening.use(await EventRecorder.open(broker, namespace, onMessage));
  const commands = opening.use(await CommandRecorder.open(broker, namespace, onMessage));
  const settling = { clock, hosted, marks };
  settlement.hosts.add(settling);
  opening.defer(() => void settlement.hosts.delete(settling));
  const settled = () => settlement.settled(broker);
  const opened = opening.move();
  return {
    ...hosted,
    clock,
    events,
    commands,
    observed,
    broker,
    get moving() {
      return hosted.moving;
    },
    get heldBack() {
      return hosted.heldBack;
    },
    heard: (event, where) => events.first(event, where ?? ({} as typeof where & object)),
    async advance(ms) {
      const end = clock.now() + ms;
      for (;;) {
        await settled();
        const next = clock.nextDueInMs ?? Number.POSITIVE_INFINITY;
        if (clock.now() + next > end) break;
        await clock.advance(next);
      }
      await clock.advance(end - clock.now());
      await settled();
    },
    settled,
    deadLetters: () => readDeadLetters(broker, namespace),
    drain: () => opened.disposeAsync(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** The test meshes of one namespace in this process settle together. */
const settlements = new Map<string, Settlement>();

async function readDeadLetters(broker: Broker, namespace: string): Promise<DeadLetter[]> {
  const { dead } = streamNames(namespace);
  const { state } = await broker.manager.streams.info(dead);
  const letters: DeadLetter[] = [];
  for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
    const stored = await broker.manager.streams.getMessage(dead, { seq });
    if (stored !== null) letters.push(fromBinary(DeadLetterSchema, stored.data));
  }
  return letters;
}
