// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMessage, getOption, hasOption } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { type EventPolicy, event as eventOption } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import { deliveryNames, priorityNames } from "./enum-names.ts";
import { fieldPath } from "./field-path.ts";
import { incomplete, required } from "./incomplete.ts";
import type { EventContract } from "./policy.ts";
import { breakerPlan, nearest, retryPlans } from "./precedence.ts";

/**
 * The policy of `desc`, each setting looked up on its own: event, then `mesh`. Name and key are the event's own.
 *
 * @throws MeshError CONTRACT_INCOMPLETE when it is no event, lacks name, key, delivery or timeout, or its key leads nowhere.
 */
export function readEvent(desc: DescMessage, mesh: EventPolicy | undefined): EventContract {
  const own = eventPolicyOf(desc);
  if (own === undefined) throw incomplete(desc.typeName, "(parley.mesh.v1.event)", "so it is no event");
  const levels = [own, mesh];
  const need = <Value>(value: Value | undefined, setting: string) =>
    required(value, desc.typeName, `(parley.mesh.v1.event).${setting}`);
  const retention = nearest(levels, (level) => level.retention);
  const breaker = nearest(levels, (level) => level.breaker);
  return Object.freeze<EventContract>({
    desc,
    typeName: desc.typeName,
    name: need(own.name || undefined, "name"),
    domain: desc.file.proto.package,
    delivery: need(deliveryNames[nearest(levels, (level) => level.delivery) ?? 0], "delivery"),
    priority: priorityNames[nearest(levels, (level) => level.priority) ?? 0] ?? "MEDIUM",
    key: fieldPath(desc, need(own.key || undefined, "key")),
    ordered: nearest(levels, (level) => level.ordered) ?? false,
    timeoutMs: need(
      nearest(levels, (level) => level.timeout && durationMs(level.timeout)),
      "timeout",
    ),
    retries: retryPlans(levels),
    breaker: breaker && breakerPlan(breaker),
    retentionMs: retention === undefined ? 604_800_000 : durationMs(retention),
    publishPermission: nearest(levels, (level) => level.publishPermission),
    hearPermission: nearest(levels, (level) => level.hearPermission),
    signed: nearest(levels, (level) => level.signed) ?? false,
    aliases: Object.freeze([...own.aliases]),
  });
}

/** What the message itself says; undefined when it is no event. */
export function eventPolicyOf(desc: DescMessage): EventPolicy | undefined {
  // An option that is unset would be read as an empty policy, hence the question first.
  return hasOption(desc, eventOption) ? getOption(desc, eventOption) : undefined;
}
