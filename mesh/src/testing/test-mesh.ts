// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type DescMessage, fromBinary, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import type { Agent } from "../agent/define-agent.ts";
import { host } from "../agent/host.ts";
import type { Host, HostOptions } from "../agent/host-options.ts";
import { type Broker, connectBroker } from "../broker/connection.ts";
import { deleteNamespace } from "../broker/namespace.ts";
import { streamNames } from "../broker/stream-names.ts";
import { durableName } from "../broker/subjects.ts";
import { methodName } from "../contracts/method-contract.ts";
import type { Observation } from "../pipeline/observation.ts";
import { mailHearer, startHearer, wakeHearer } from "../sagas/saga-id.ts";
import { CommandRecorder } from "./command-recorder.ts";
import { EventRecorder } from "./event-recorder.ts";
import { ManualClock } from "./manual-clock.ts";
import { testBroker } from "./test-broker.ts";

/** What a test mesh is made of. */
export interface TestMeshOptions extends Pick<HostOptions, "random" | "port" | "weight" | "heartbeat"> {
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
  /** Lets contract time pass, then waits as {@link settled} does. */
  advance(ms: number): Promise<void>;
  /** Waits until nothing moves any more: every event and command has been handled, is parked for a retry, or is buried. */
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
      drainMs: 1_000,
      observer: (observation) => observed.push(observation),
    }),
  );
  const events = opening.use(await EventRecorder.open(broker, namespace));
  const commands = opening.use(await CommandRecorder.open(broker, namespace));
  const watched = { namespace, clock, observed, events, commands, hosted, hearers: hearersOf(options.agents) };
  open.add(watched);
  opening.defer(() => void open.delete(watched));
  const settled = () => untilSettled(broker, watched);
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
      await settled();
      await clock.advance(ms);
      await settled();
    },
    settled,
    deadLetters: () => readDeadLetters(broker, namespace),
    drain: () => opened.disposeAsync(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

interface Watched {
  readonly namespace: string;
  readonly clock: ManualClock;
  readonly observed: readonly Observation[];
  readonly events: EventRecorder;
  readonly commands: CommandRecorder;
  readonly hosted: Host;
  /** Names of their durables, and of those that methods would have. */
  readonly hearers: readonly string[];
}

/** The test meshes of this process: those of one namespace settle together. */
const open = new Set<Watched>();

/**
 * How long nothing changes until a handler that still runs is taken to wait for the clock, or for ever: milliseconds, and looks,
 * because a machine that has much else to do is slow to look as well.
 */
const quiet = { ms: 100, looks: 12 } as const;

/** Looks until two looks in a row find the same, nothing undelivered and nothing being handled. */
async function untilSettled(broker: Broker, { namespace, clock }: Watched): Promise<void> {
  let before = "";
  let since = Date.now();
  let looks = 0;
  for (;;) {
    const together = [...open].filter((mesh) => mesh.namespace === namespace);
    for (const { observed, events, commands } of together) {
      for (const { kind, error, header } of observed) {
        if (error === undefined && kind === "published") await events.seen(header.messageId);
        if (error === undefined && kind === "dispatched") await commands.seen(header.messageId);
      }
    }
    await clock.advance(0);
    const counts = together.map(({ observed, events, commands, hosted }) => [
      observed.length,
      events.events.length,
      commands.ids.length,
      hosted.moving,
    ]);
    const now = JSON.stringify([counts, await consumerStates(broker, together)]);
    if (now !== before) {
      since = Date.now();
      looks = 0;
    }
    const moving = together.some(({ hosted }) => hosted.moving > 0);
    const isQuiet = ++looks >= quiet.looks && Date.now() - since >= quiet.ms;
    if (now === before && !now.includes('"busy"') && (!moving || isQuiet)) return;
    before = now;
    await delay(5);
  }
}

/**
 * Of every hearer that is hosted here: whether something waits to be delivered, and how much is unsettled. What is held back
 * by all that host it waits for more than time.
 */
async function consumerStates(broker: Broker, together: readonly Watched[]): Promise<unknown> {
  const hosted = new Set(together.flatMap(({ hearers }) => hearers));
  const [{ namespace = "" } = {}] = together;
  const states: unknown[] = [];
  const { events, commands } = streamNames(namespace);
  for (const stream of [events, commands]) {
    for await (const info of broker.manager.consumers.list(stream)) {
      // Lanes and partitions have a third part in their names.
      const hearer = info.name.split("~", 2).join("~");
      if (!hosted.has(hearer)) continue;
      const hosts = together.filter(({ hearers }) => hearers.includes(hearer));
      const waits = info.num_pending > 0 && !hosts.every((mesh) => mesh.hosted.heldBack.includes(info.name));
      states.push([info.name, waits ? "busy" : "idle", info.num_ack_pending, info.ack_floor.stream_seq]);
    }
  }
  return states;
}

function hearersOf(agents: readonly Agent[]): readonly string[] {
  return agents.flatMap((agent) => {
    const methods = agent.serves.flatMap(({ service }) => service.methods.map(methodName));
    const sagas = agent.sagas.flatMap(({ name }) => [startHearer(name), wakeHearer(name)]);
    const mail = agent.sagas.flatMap(({ waits }) => waits.map(({ typeName }) => mailHearer(typeName)));
    const all = [...agent.hears.map(({ name }) => name), ...methods, ...sagas, ...mail];
    return [...new Set(all)].map((hearer) => durableName(agent.name, hearer));
  });
}

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
