// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Contracts, EventContract, MethodContract, RetryPlans } from "@parley/mesh/contracts";
import { methodRetries } from "./method-retries.ts";

/** Contracts as plain data for programs: every policy as it holds, all levels looked up; times in milliseconds. */
export function contractsJson(contracts: Contracts): unknown {
  return {
    services: contracts.services.map(({ typeName, methods }) => ({
      name: typeName,
      methods: methods.map(({ name }) => name),
    })),
    methods: methodsOf(contracts).map(methodJson),
    events: contracts.events.map(eventJson),
  };
}

/** Every method of every service. */
export function methodsOf(contracts: Contracts): readonly MethodContract[] {
  return contracts.services.flatMap(({ methods }) => methods.map((desc) => contracts.method(desc)));
}

function methodJson(method: MethodContract): unknown {
  const { desc, idempotencyKey, command, ...policy } = method;
  return {
    ...policy,
    request: desc.input.typeName,
    response: desc.output.typeName,
    idempotencyKey: idempotencyKey?.path,
    retries: retriesJson(methodRetries(method)),
    command: command === undefined ? undefined : { ...command, orderKey: command.orderKey?.path },
  };
}

function eventJson({ desc: _, key, retries, ...policy }: EventContract): unknown {
  return { ...policy, key: key.path, retries: retriesJson(retries) };
}

function retriesJson(retries: RetryPlans): unknown {
  return Object.fromEntries(retries);
}
