// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { SagaStatus, type SagaSummary } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { defineAgent, type Host, host, type JournalKey, MeshError } from "@parley/mesh";
import type { NatsServer } from "@parley/mesh/broker";
import { ErrandPaidSchema, ErrandWishedSchema } from "../gen/parley/crash/v1/errand_pb.js";
import { type AgentLife, startLife } from "./agent-life.ts";
import { type ErrandPlan, errandPlans, errandSteps, type Purse, purseNames, purses } from "./errand-agents.ts";
import { type Plan, passingName } from "./plan.ts";
import { type Random, seeded } from "./random.ts";

/** How sagas are put to the test. */
export interface SagaRunOptions {
  readonly server: NatsServer;
  readonly namespace: string;
  readonly count: number;
  readonly seed: number;
  /** Real milliseconds from one saga to the next of the same sender, of eight, on average. */
  readonly paceMs: number;
  /** Agent processes at once. */
  readonly processes: number;
  /** Real milliseconds between two faults, on average. */
  readonly faultEveryMs: number;
  /** Real milliseconds after the last fault in which all have to come to their end. */
  readonly limitMs: number;
  /** Whether processes stand still for longer than the broker waits, too. Default true. */
  readonly freezes?: boolean | undefined;
  /** Told how many are not over yet, after the last fault. */
  readonly onOpen?: ((open: number) => void) | undefined;
}

/** What came of it. */
export interface SagaRun {
  readonly violations: readonly string[];
  readonly statuses: Readonly<Record<string, number>>;
  /** Faults by kind: points at which a process ended, brokers killed, processes that stood still. */
  readonly faults: ReadonlyMap<string, number>;
  readonly tookMs: number;
}

const points = [
  "saga.before-write",
  "saga.after-write",
  "saga.before-call",
  "saga.after-call",
  "saga.before-undo",
  "saga.after-undo",
  "saga.parked",
] as const;

const clientName = "crash.client";

/**
 * Begins sagas of all ways while processes and the broker die at random, at named points and between them, and stand still for
 * longer than the broker waits; then checks that all came to an end and that the purses hold what these ends say.
 */
export async function runSagas(options: SagaRunOptions): Promise<SagaRun> {
  const { server, namespace, count, seed, processes, paceMs, faultEveryMs, limitMs } = options;
  const started = Date.now();
  const random = seeded(seed);
  await using opened = new AsyncDisposableStack();
  const client = opened.use(
    await host({
      agents: [
        defineAgent({ name: clientName, publishes: [ErrandWishedSchema, ErrandPaidSchema], journals: [purses] }),
      ],
      broker: server.url,
      namespace,
      drainMs: 1_000,
    }),
  );
  const crew = new Crew(options, random);
  opened.defer(() => crew.end());
  for (let index = 0; index < processes; index++) crew.keep();
  // A hearer hears what comes after it was first made.
  await crew.ready();
  const faults = new Map<string, number>();
  const note = (fault: string) => void faults.set(fault, (faults.get(fault) ?? 0) + 1);

  let isOver = false;
  const nemesis = async () => {
    while (!isOver) {
      await delay(faultEveryMs * (0.5 + random(100) / 100));
      if (!isOver) note(await crew.fault());
    }
  };
  const harm = nemesis();
  const errands = Array.from({ length: count }, (_, index) => ({
    errand: `e${index}`,
    plan: errandPlans[index % errandPlans.length] ?? "straight",
  }));
  const canceled: string[] = [];
  const waiting = [...errands];
  const begin = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { errand, plan } = next;
      await stubbornly(() => client.publish(ErrandWishedSchema, next));
      if (plan === "paid") await stubbornly(() => client.publish(ErrandPaidSchema, { errand }));
      await delay(random(2 * paceMs));
      if (random(20) > 0) continue;
      const by = { agent: clientName, by: "the suite", note: "" };
      // One that has not begun, or is over, cannot be canceled.
      await client.sagas.cancel(idOf(errand), by).then(
        () => canceled.push(errand),
        () => {},
      );
    }
  };
  await Promise.all(Array.from({ length: 8 }, begin));
  isOver = true;
  await harm;
  crew.calm();
  const summaries = await ended(client, errands, { deadline: Date.now() + limitMs, onOpen: options.onOpen });
  for (const [point, times] of crew.deaths) faults.set(point, times);
  const violations = [
    ...summaries.flatMap((summary, index) => unended(errands[index]?.errand ?? "", summary)),
    ...(await wrongEffects(client, errands, summaries)),
  ];
  const statuses: Record<string, number> = {};
  for (const summary of summaries) {
    const name = summary === undefined ? "UNKNOWN" : SagaStatus[summary.status];
    statuses[name] = (statuses[name] ?? 0) + 1;
  }
  faults.set("canceled", canceled.length);
  return { violations, statuses, faults, tookMs: Date.now() - started };
}

/** Agent processes that are started again whenever they end. */
class Crew {
  readonly #options: SagaRunOptions;
  readonly #random: Random;
  readonly #lives = new Set<AgentLife>();
  readonly #keepers: Promise<void>[] = [];
  /** Processes that ended at a named point. */
  readonly deaths = new Map<string, number>();
  #isCalm = false;
  #isOver = false;

  constructor(options: SagaRunOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  keep(): void {
    this.#keepers.push(this.#keep());
  }

  /** Resolves when one is ready. */
  async ready(): Promise<void> {
    while ((await Promise.race([...this.#lives].map(({ url }) => url))) === undefined) await delay(20);
  }

  calm(): void {
    this.#isCalm = true;
  }

  /** Does some harm; gives what. */
  async fault(): Promise<string> {
    const { server, freezes = true } = this.#options;
    const lives = [...this.#lives];
    const life = lives[this.#random(lives.length)];
    const kind = this.#random(10);
    if (kind === 0) {
      await server.kill();
      await delay(this.#random(500));
      await server.restart();
      return "broker killed";
    }
    if (kind <= 2 && freezes) {
      life?.child.kill("SIGSTOP");
      // The broker waits six seconds.
      void delay(7_500).then(() => life?.child.kill("SIGCONT"));
      return "agent stood still";
    }
    life?.child.kill("SIGKILL");
    return "agent killed";
  }

  async end(): Promise<void> {
    this.#isOver = true;
    for (const life of this.#lives) life.child.kill("SIGKILL");
    await Promise.all(this.#keepers);
  }

  async #keep(): Promise<void> {
    const { server, namespace } = this.#options;
    while (!this.#isOver) {
      const point = points[this.#random(points.length)] ?? "saga.after-call";
      // Calls are many, undos and waits are few.
      const most = point.endsWith("undo") || point === "saga.parked" ? 4 : 30;
      const plan: Plan = { point, of: "errand", hit: 1 + this.#random(most), action: "die" };
      const planned = this.#isCalm || this.#random(4) === 0 ? {} : { plan };
      const life = startLife({ broker: server.url, namespace, ledger: "", agents: "errands", ...planned });
      this.#lives.add(life);
      await life.ended;
      this.#lives.delete(life);
      const died = life.reached && passingName(plan).split(" ")[0];
      if (died) this.deaths.set(died, (this.deaths.get(died) ?? 0) + 1);
    }
  }
}

function idOf(errand: string): string {
  return `crash.errands/errand/${errand}`;
}

async function stubbornly<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch {
      await delay(100);
    }
  }
}

interface Errand {
  readonly errand: string;
  readonly plan: ErrandPlan;
}

const over: readonly SagaStatus[] = [SagaStatus.COMPLETED, SagaStatus.COMPENSATED, SagaStatus.NEEDS_ATTENTION];

/** How each errand stands when all are over, or at the deadline. */
async function ended(
  client: Host,
  errands: readonly Errand[],
  { deadline, onOpen }: { readonly deadline: number; readonly onOpen: SagaRunOptions["onOpen"] },
): Promise<(SagaSummary | undefined)[]> {
  const summaries: (SagaSummary | undefined)[] = errands.map(() => undefined);
  for (;;) {
    let open = 0;
    for (const [index, { errand }] of errands.entries()) {
      const known = summaries[index];
      if (known !== undefined && over.includes(known.status)) continue;
      summaries[index] = await client.sagas.get(idOf(errand)).then(
        ({ summary }) => summary,
        (error: unknown) => (MeshError.from(error).code === "NOT_FOUND" ? undefined : known),
      );
      const now = summaries[index];
      if (now === undefined || !over.includes(now.status)) open++;
    }
    onOpen?.(open);
    if (open === 0 || Date.now() > deadline) return summaries;
    await delay(250);
  }
}

function unended(errand: string, summary: SagaSummary | undefined): readonly string[] {
  if (summary === undefined) return [`I1: "${errand}" never began`];
  if (!over.includes(summary.status)) return [`I4: "${errand}" is ${SagaStatus[summary.status]} at the end`];
  if (summary.status !== SagaStatus.NEEDS_ATTENTION) return [];
  return [`I4: "${errand}" needs attention: ${summary.error?.message}`];
}

async function wrongEffects(
  client: Host,
  errands: readonly Errand[],
  summaries: readonly (SagaSummary | undefined)[],
): Promise<readonly string[]> {
  const all: Record<string, { charged: number; refunded: number }> = {};
  for (const name of purseNames) {
    Object.assign(all, await client.load(purses.at(name) as JournalKey<Purse, never>));
  }
  return errands.flatMap(({ errand, plan }, index) => {
    const isDone = summaries[index]?.status === SagaStatus.COMPLETED;
    return ["a", "b", "c", "d"].flatMap((step) => {
      const { charged, refunded } = all[`${errand}/${step}`] ?? { charged: 0, refunded: 0 };
      const wanted = isDone && errandSteps[plan].includes(step) ? 1 : 0;
      if (charged - refunded === wanted && charged <= 1) return [];
      return [`I5: step "${step}" of "${errand}" (${plan}) was charged ${charged} and refunded ${refunded} times`];
    });
  });
}
