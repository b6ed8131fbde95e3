// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { FailureReason } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import {
  type ConfirmSlotResponse,
  SchedulingAgentService,
} from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { type Client, type Host, host } from "@parley/mesh";
import { providerAgent, schedulingAgent, userAgent } from "@parley/scheduling";
import { accountAgent } from "../test/agents/account-agent.ts";
import { AccountService } from "../test/gen/parley/test/v1/account_pb.js";
import { withBenchBroker } from "./bench-broker.ts";
import { type Measured, measure, report } from "./measure.ts";

const providers = 100;
const quarterMs = 15 * 60_000;
/** The first quarter of an hour that is booked: midnight in two days, so that it is never past. */
const firstStart = Math.floor(Date.now() / 86_400_000) * 86_400_000 + 2 * 86_400_000;
const callers = 32;

/**
 * How many bookings does a mesh take, and how long does ConfirmSlot take at half that load? Users and calendars are in two hosts,
 * with the network between them; each booking goes over two calls and one commit. The peer is a bare commit of one event, called
 * over the same network.
 */
export async function run(): Promise<void> {
  await withBenchBroker(async (_, url) => {
    await using keepers = await host({
      ...{ agents: [schedulingAgent(), providerAgent(), accountAgent], broker: url, namespace: "bench" },
    });
    await using users = await host({ agents: [userAgent()], broker: url, namespace: "bench" });
    while (users.directory.instancesOf(SchedulingAgentService.typeName).length === 0)
      await users.directory.changed(1_000);
    await describe(keepers);
    const scheduling = users.client(SchedulingAgentService, { source: "scheduling.user" });
    const accounts = users.client(AccountService, { source: "scheduling.user" });

    let next = 0;
    const deposit = () => accounts.deposit({ account: `a${next++ % providers}`, amount: 1n });
    const bare = await measure(deposit, { callers, forMs: 3_000 });
    report(`bare commit, called, ${callers} callers`, bare);
    let slots = 0;
    const book = () => confirm(scheduling, `user${slots}`, slots++);
    const booked = await measure(book, { callers, forMs: 5_000 });
    report(`ConfirmSlot, ${callers} callers`, booked, bare);
    const half = booked.perSecond / 2;
    report(
      `ConfirmSlot at half that load (${Math.round(half)}/s)`,
      await paced(book, { perSecond: half, forMs: 5_000 }),
    );
    report(`bare commit at that load`, await paced(deposit, { perSecond: half, forMs: 3_000 }));
    await contention(scheduling, slots);
  });
}

async function describe(keepers: Host): Promise<void> {
  const client = keepers.client(ProviderAgentService, { source: "scheduling.provider" });
  const workingHours = [1, 2, 3, 4, 5, 6, 7].map((day) => ({ day, hours: { from: "00:00", until: "24:00" } }));
  for (let number = 0; number < providers; number++) {
    // Few offer what is contended: alternatives are looked for among all who do.
    const serviceType = number < 3 ? "rare" : "common";
    const services = [{ serviceType, names: [], durationMinutes: 15 }];
    await client.upsertProvider({
      provider: { providerId: `p${number}`, name: `Provider ${number}`, timeZone: "UTC", services, workingHours },
    });
  }
}

/** Books the n-th slot of all: one after the other, each with the next provider. */
async function confirm(
  scheduling: Client<typeof SchedulingAgentService>,
  userId: string,
  index: number,
): Promise<void> {
  const common = providers - 3;
  const response = await choose(scheduling, {
    userId,
    provider: 3 + (index % common),
    quarter: Math.floor(index / common),
  });
  if (response.result.case !== "appointment") throw new Error(`not booked: ${response.result.value?.userMessage}`);
}

function choose(
  scheduling: Client<typeof SchedulingAgentService>,
  { userId, provider, quarter }: { readonly userId: string; readonly provider: number; readonly quarter: number },
): Promise<ConfirmSlotResponse> {
  const start = firstStart + quarter * quarterMs;
  const providerId = `p${provider}`;
  const at = new Date(start).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const slotId = `slot.${providerId}.${provider < 3 ? "rare" : "common"}.${at}.15.1`;
  const [startTime, endTime] = [timestampFromMs(start), timestampFromMs(start + quarterMs)];
  return scheduling.confirmSlot({
    userId,
    slotId,
    providerId,
    startTime,
    endTime,
    idempotencyKey: `${userId} ${slotId}`,
  });
}

/** Begins an operation so many times a second, whether those before have ended or not. */
async function paced(
  operation: () => Promise<unknown>,
  { perSecond, forMs }: { readonly perSecond: number; readonly forMs: number },
): Promise<Measured> {
  const took: number[] = [];
  const going: Promise<void>[] = [];
  const began = performance.now();
  const timed = async (due: number) => {
    await operation();
    took.push(performance.now() - due);
  };
  for (let count = 0; count < (perSecond * forMs) / 1000; count++) {
    const due = began + (count * 1000) / perSecond;
    const early = due - performance.now();
    if (early > 1) await wait(early);
    going.push(timed(due));
  }
  await Promise.all(going);
  const seconds = (performance.now() - began) / 1000;
  const sorted = took.sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return { perSecond: sorted.length / seconds, p50Ms: at(0.5), p95Ms: at(0.95) };
}

/** A thousand clients, one slot. Whoever gets no answer repeats, which their key makes safe, until they have one. */
async function contention(scheduling: Client<typeof SchedulingAgentService>, quarter: number): Promise<void> {
  const clients = 1_000;
  const began = performance.now();
  const tookMs: number[] = [];
  const outcomes = new Map<string, number>();
  let repeated = 0;
  const contend = async (userId: string) => {
    for (;;) {
      try {
        const { result } = await choose(scheduling, { userId, provider: 0, quarter: quarter % 96 });
        if (result.case === "appointment") return "booked";
        const { reason = 0, alternatives = [] } = result.value ?? {};
        return `${FailureReason[reason]} with ${alternatives.length > 0 ? "" : "no "}alternatives`;
      } catch {
        repeated++;
        await wait(100 + Math.random() * 400);
      }
    }
  };
  await Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      const outcome = await contend(`c${index}`);
      tookMs.push(performance.now() - began);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }),
  );
  const sorted = tookMs.sort((one, other) => one - other);
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN);
  const told = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  console.log(`  1,000 clients, one slot: ${told}; ${repeated} calls without an answer were repeated`);
  console.log(`  answered after p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, the last ${at(1)} ms`);
}
