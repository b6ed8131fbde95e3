// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage } from "@bufbuild/protobuf";
import { type SagaWake, SagaWakeSchema } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { Broker } from "../broker/connection.ts";
import type { Subjects } from "../broker/subjects.ts";
import type { EventContract } from "../contracts/policy.ts";
import type { Buried, Hearing } from "../delivery/hearing.ts";
import { openMessage } from "../delivery/open-message.ts";
import type { ErrorClass } from "../error-codes.ts";
import { MeshError } from "../mesh-error.ts";
import type { Incoming, Operation } from "../pipeline/incoming.ts";
import { chain, type Step } from "../pipeline/step.ts";
import type { RetryPlans } from "../plans.ts";
import { type Abandoned, abandonedBy, alarmAbandoned } from "../sagas/abandoned.ts";
import type { SagaDefinition } from "../sagas/define-saga.ts";
import { type SagaGround, sagaOrigin } from "../sagas/driving.ts";
import { SagaDriver } from "../sagas/saga-driver.ts";
import { mailHearer, parseSagaId, sagaId, startHearer, wakeHearer } from "../sagas/saga-id.ts";
import type { SagaIndex } from "../sagas/saga-index.ts";
import { waiterKey, wakeWaiters } from "../sagas/waiters.ts";
import { logger } from "../telemetry/logger.ts";
import { extract } from "../telemetry/propagation.ts";
import type { Agent } from "./define-agent.ts";
import { assertKept, assertMayHear } from "./hearing.ts";

/** What the hearers of sagas are built from. */
export interface SagaHearingsInit {
  readonly ground: SagaGround;
  readonly index: SagaIndex;
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly steps: readonly Step<Incoming>[];
}

/**
 * What begins the sagas of the agents, wakes them, and brings them what they wait for.
 *
 * @throws MeshError PERMISSION_DENIED when an agent may not hear what its sagas begin with or wait for; REFUSED when that event
 *   is not stored
 */
export function sagaHearings(agents: readonly Agent[], init: SagaHearingsInit): Hearing[] {
  return agents.flatMap((agent) => [
    ...agent.sagas.flatMap((definition) => driverHearings(agent, definition, init)),
    ...waitedFor(agent).map(([event, domains]) => mailHearing(agent, { event, domains }, init)),
  ]);
}

function driverHearings(agent: Agent, definition: SagaDefinition, init: SagaHearingsInit): Hearing[] {
  const { ground, index, steps } = init;
  const driver = new SagaDriver({ ground, index, agent: agent.name, definition });
  const wake = {
    contract: { ...kept, priority: "MEDIUM" },
    from: "retained",
    operation: operationOf(agent, wakeHearer(definition.name), SagaWakeSchema),
    onBuried: (buried: Buried) => {
      return alarm(agent, init, {
        buried,
        sagas: () => abandonedBy(openMessage(buried.pulled, SagaWakeSchema).message as SagaWake),
      });
    },
    handle: chain(steps, async (incoming: Incoming) => {
      const message = incoming.message as SagaWake;
      await driver.wake(incoming, parseSagaId(message.sagaId), message);
      return undefined;
    }),
  } as const;
  if (!ground.contracts.events.some(({ typeName }) => typeName === definition.startsOn.typeName)) return [wake];
  const start = {
    contract: { ...assertHeard(agent, definition.startsOn, init), ...kept },
    from: "now",
    operation: operationOf(agent, startHearer(definition.name), definition.startsOn),
    onBuried: (buried: Buried) => {
      const key = () => definition.key(openMessage(buried.pulled, definition.startsOn).message);
      const sagas = () =>
        [{ id: sagaId({ agent: agent.name, saga: definition.name, key: key() }), by: "start" }] as const;
      return alarm(agent, init, { buried, sagas });
    },
    handle: chain(steps, async (incoming: Incoming) => {
      await driver.start(incoming);
      return undefined;
    }),
  } as const;
  return [start, wake];
}

/** Raises the alarm for the saga that waits for a message that is given up. */
async function alarm(
  agent: Agent,
  { ground, index }: SagaHearingsInit,
  { buried: { pulled, letter, error }, sagas }: { readonly buried: Buried; readonly sagas: () => readonly Abandoned[] },
): Promise<void> {
  try {
    const lost = {
      messageId: pulled.headers.get("ce-id") ?? "",
      letter,
      error,
      trace: extract((name) => pulled.headers.get(name)),
    };
    for (const abandoned of sagas()) {
      const domain = agent.sagas.find(({ name }) => name === abandoned.id.saga)?.domain;
      if (domain !== undefined && (await alarmAbandoned({ ground, index, domain }, abandoned, lost))) return;
    }
  } catch (thrown) {
    const failed = MeshError.from(thrown);
    // The broker is away, or somebody has the saga in hand just now.
    if (failed.errorClass === "UNAVAILABLE" || failed.errorClass === "TRANSIENT") throw failed;
    logger.error(
      { err: failed, letter },
      "a message of a saga became a dead letter; which saga waits for it cannot be told",
    );
  }
}

/** Events that sagas of an agent wait for, with the packages of those sagas. */
function waitedFor({ sagas }: Agent): readonly (readonly [DescMessage, readonly string[]])[] {
  const types = new Map(sagas.flatMap(({ waits }) => waits).map((type) => [type.typeName, type]));
  return [...types.values()].map((type) => {
    const waiting = sagas.filter(({ waits }) => waits.some(({ typeName }) => typeName === type.typeName));
    return [type, [...new Set(waiting.map(({ domain }) => domain))]] as const;
  });
}

function mailHearing(
  agent: Agent,
  { event, domains }: { readonly event: DescMessage; readonly domains: readonly string[] },
  init: SagaHearingsInit,
): Hearing {
  const { ground, broker, subjects, steps } = init;
  const contract = assertHeard(agent, event, init);
  return {
    contract: { ...contract, ...kept },
    from: "now",
    operation: operationOf(agent, mailHearer(event.typeName), event),
    handle: chain(steps, async ({ message, header: cause, trace, signal }: Incoming) => {
      const at = waiterKey(agent.name, event.typeName, contract.key.read(message));
      for (const domain of domains) {
        const origin = sagaOrigin({ agent: agent.name, domain, cause, trace, signal });
        await wakeWaiters({ broker, subjects, journals: ground.journals, domain, key: at, origin });
      }
      return undefined;
    }),
  };
}

function operationOf({ name: agent }: Agent, handler: string, input: DescMessage): Operation {
  return Object.freeze({
    kind: "event",
    name: input.typeName,
    agent,
    handler,
    input,
    asksOnly: false,
    // A saga is bounded by its steps, each by its contract.
    timeoutMs: Number.POSITIVE_INFINITY,
    permission: undefined,
    maxConcurrency: Number.POSITIVE_INFINITY,
  });
}

function assertHeard(agent: Agent, event: DescMessage, { ground }: SagaHearingsInit): EventContract {
  const contract = ground.contracts.event(event);
  assertMayHear(agent, contract.hearPermission, contract.name);
  if (contract.delivery === "AT_MOST_ONCE") {
    const message = `agent "${agent.name}" has a saga that hears "${contract.name}", which is AT_MOST_ONCE and so not stored`;
    throw new MeshError({ code: "REFUSED", message });
  }
  assertKept(agent, contract, { commits: true, from: "now" });
  return contract;
}

/** What keeps a saga from being driven on passes, or is to be seen in the dead letters after half an hour. */
const delaysMs = [1, 2, 4, 8, 15, 30, 60, ...Array.from({ length: 14 }, () => 120)].map((seconds) => seconds * 1_000);
const passing = ["TRANSIENT", "UNAVAILABLE", "RATE_LIMIT", "TIMEOUT", "CONFLICT", "INTERNAL"] as const;
const retries: RetryPlans = new Map(
  passing.map((errorClass: ErrorClass) => [errorClass, { delaysMs, jitter: 0.2, maxRetryAfterMs: 600_000 }]),
);
const kept = { delivery: "AT_LEAST_ONCE", retries } as const;
