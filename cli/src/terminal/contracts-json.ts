// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toJson } from "@bufbuild/protobuf";
import { type PolicyOverlay, PolicyOverlaySchema } from "@parley/contracts/parley/mesh/v1/overlay_pb.js";
import {
  type Contracts,
  type EventContract,
  type MethodContract,
  overlaidContract,
  type RetryPlans,
} from "@parley/mesh/contracts";
import { methodRetries } from "./method-retries.ts";

/** Contracts as plain data for programs: every policy as it holds, all levels and overlays looked up; times in milliseconds. */
export function contractsJson(contracts: Contracts, overlays: readonly PolicyOverlay[] = []): unknown {
  const overlayOf = new Map(overlays.map((overlay) => [overlay.method, overlay]));
  return {
    services: contracts.services.map(({ typeName, methods }) => ({
      name: typeName,
      methods: methods.map(({ name }) => name),
    })),
    methods: methodsOf(contracts).map((method) => methodJson(method, overlayOf.get(method.name))),
    events: contracts.events.map(eventJson),
  };
}

/** Every method of every service. */
function methodsOf(contracts: Contracts): readonly MethodContract[] {
  return contracts.services.flatMap(({ methods }) => methods.map((desc) => contracts.method(desc)));
}

function methodJson(contract: MethodContract, overlay: PolicyOverlay | undefined): unknown {
  const method = overlay === undefined ? contract : overlaidContract(contract, overlay);
  const { desc, idempotencyKey, command, ...policy } = method;
  return {
    ...policy,
    request: desc.input.typeName,
    response: desc.output.typeName,
    idempotencyKey: idempotencyKey?.path,
    retries: retriesJson(methodRetries(method)),
    command: command === undefined ? undefined : { ...command, orderKey: command.orderKey?.path },
    overlay: overlay === undefined ? undefined : toJson(PolicyOverlaySchema, overlay),
  };
}

function eventJson({ desc: _, key, retries, ...policy }: EventContract): unknown {
  return { ...policy, key: key.path, retries: retriesJson(retries) };
}

function retriesJson(retries: RetryPlans): unknown {
  return Object.fromEntries(retries);
}
