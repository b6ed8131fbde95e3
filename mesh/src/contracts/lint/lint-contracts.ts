// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { decodedRegistry } from "../file-set.ts";
import { byPlace, type Finding } from "./finding.ts";
import { LintedContracts } from "./linted-contracts.ts";
import { fileOf, placeOf } from "./place.ts";
import type { Rule } from "./rule.ts";
import { breakerLimits } from "./rules/breaker-limits.ts";
import { eventDelivery } from "./rules/event-delivery.ts";
import { eventKey } from "./rules/event-key.ts";
import { eventName } from "./rules/event-name.ts";
import { fieldPaths } from "./rules/field-paths.ts";
import { fieldSealed } from "./rules/field-sealed.ts";
import { httpConflict, httpPath } from "./rules/http-path.ts";
import { meshDefaults } from "./rules/mesh-defaults.ts";
import { methodFallback } from "./rules/method-fallback.ts";
import { methodPermission } from "./rules/method-permission.ts";
import { methodTimeout } from "./rules/method-timeout.ts";
import { outsideName } from "./rules/outside-name.ts";
import { permissionName } from "./rules/permission-name.ts";
import { positiveLimits } from "./rules/positive-limits.ts";
import { retryIdempotent } from "./rules/retry-idempotent.ts";
import { retrySchedule } from "./rules/retry-schedule.ts";
import { serviceAgent } from "./rules/service-agent.ts";

const rules: readonly Rule[] = [
  meshDefaults,
  serviceAgent,
  methodTimeout,
  methodPermission,
  permissionName,
  retryIdempotent,
  retrySchedule,
  breakerLimits,
  positiveLimits,
  methodFallback,
  httpPath,
  httpConflict,
  fieldPaths,
  outsideName,
  eventName,
  eventDelivery,
  eventKey,
  fieldSealed,
];

/** What of a descriptor set is linted. */
export interface LintOptions {
  /** Told the path of each file, says if it is linted; imports need not be. Default: all are. */
  readonly include?: ((path: string) => boolean) | undefined;
}

/**
 * Looks for policies that are missing, contradict each other or cannot be kept. `fileDescriptorSet` is what
 * `buf build -o … --as-file-descriptor-set` writes: with source positions, without them every place is 1:1.
 *
 * @returns findings in the order of files and lines; none when the contracts are sound.
 * @throws MeshError UNDECODABLE when the bytes are no complete descriptor set.
 */
export function lintContracts(fileDescriptorSet: Uint8Array, options: LintOptions = {}): readonly Finding[] {
  const include = options.include ?? (() => true);
  const contracts = new LintedContracts(decodedRegistry(fileDescriptorSet), (file) => include(file.proto.name));
  const findings = rules.flatMap((rule) =>
    [...rule.check(contracts)].map(({ element, setting, wrong, write }): Finding => {
      const file = fileOf(element).proto.name;
      return { file, ...placeOf(element, setting), rule: rule.name, message: `${wrong}; write ${write}` };
    }),
  );
  return findings.sort(byPlace);
}
