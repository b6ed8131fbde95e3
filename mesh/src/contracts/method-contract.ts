// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMethod, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { durationMs, MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import {
  type CommandPolicy,
  type MethodPolicy,
  method as methodOption,
  type ServicePolicy,
  service as serviceOption,
} from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import { balancingNames, deliveryNames, exposureNames, priorityNames } from "./enum-names.ts";
import { fieldPath } from "./field-path.ts";
import { required } from "./incomplete.ts";
import type { CommandContract, MethodContract } from "./policy.ts";
import { breakerPlan, nearest, retryPlans } from "./precedence.ts";

/**
 * The policy of `desc`, each setting looked up on its own: method, then service defaults, then `mesh`.
 *
 * @throws MeshError CONTRACT_INCOMPLETE when agent, timeout or permission is set at no level, or a field path leads nowhere.
 */
export function readMethod(desc: DescMethod, mesh: MethodPolicy | undefined): MethodContract {
  const name = methodName(desc);
  const servicePolicy = servicePolicyOf(desc.parent);
  const levels = [methodPolicyOf(desc), servicePolicy?.defaults, mesh];
  const need = <Value>(value: Value | undefined, option: string) => required(value, name, option);
  const timeoutMs = need(
    nearest(levels, (level) => level.timeout && durationMs(level.timeout)),
    "(parley.mesh.v1.method).timeout",
  );
  const breaker = nearest(levels, (level) => level.breaker);
  const command = nearest(levels, (level) => level.command);
  const idempotencyKey = nearest(levels, (level) => level.idempotencyKey);
  return Object.freeze<MethodContract>({
    desc,
    name,
    serviceName: desc.parent.typeName,
    agent: need(servicePolicy?.agent || undefined, "(parley.mesh.v1.service).agent"),
    kind: desc.methodKind,
    timeoutMs,
    totalTimeoutMs: nearest(levels, (level) => level.totalTimeout && durationMs(level.totalTimeout)) ?? timeoutMs,
    retries: retryPlans(levels),
    breaker: breaker && breakerPlan(breaker),
    priority: priorityNames[nearest(levels, (level) => level.priority) ?? 0] ?? "MEDIUM",
    permission: need(
      nearest(levels, (level) => level.permission),
      "(parley.mesh.v1.method).permission",
    ),
    exposure: exposureNames[nearest(levels, (level) => level.exposure) ?? 0] ?? "INTERNAL",
    balancing: balancingNames[servicePolicy?.balancing ?? 0] ?? "ROUND_ROBIN",
    fallback: nearest(levels, (level) => level.fallback),
    idempotent: idempotencyKey !== undefined || desc.idempotency !== Level.IDEMPOTENCY_UNKNOWN,
    noSideEffects: desc.idempotency === Level.NO_SIDE_EFFECTS,
    idempotencyKey: idempotencyKey === undefined ? undefined : fieldPath(desc.input, idempotencyKey),
    maxConcurrency: nearest(levels, (level) => level.maxConcurrency) ?? 64,
    command: command && readCommand(desc, command),
  });
}

/** `package.Service/Method`, the name of a method everywhere but in a URL's leading slash. */
export function methodName(desc: DescMethod): string {
  return `${desc.parent.typeName}/${desc.name}`;
}

/** What the service itself says; undefined when it has no policy. */
export function servicePolicyOf(desc: DescService): ServicePolicy | undefined {
  // An option that is unset would be read as an empty policy, hence the question first.
  return hasOption(desc, serviceOption) ? getOption(desc, serviceOption) : undefined;
}

/** What the method itself says; undefined when it has no policy of its own. */
export function methodPolicyOf(desc: DescMethod): MethodPolicy | undefined {
  return hasOption(desc, methodOption) ? getOption(desc, methodOption) : undefined;
}

function readCommand(desc: DescMethod, policy: CommandPolicy): CommandContract {
  return Object.freeze({
    delivery: deliveryNames[policy.delivery ?? 0] ?? "AT_LEAST_ONCE",
    orderKey: policy.orderKey === undefined ? undefined : fieldPath(desc.input, policy.orderKey),
    expiresAfterMs: policy.expiresAfter === undefined ? 86_400_000 : durationMs(policy.expiresAfter),
  });
}
