// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Duration } from "@bufbuild/protobuf/wkt";
import { servicePolicyOf } from "../../method-contract.ts";
import type { LintedContracts } from "../linted-contracts.ts";
import type { Element, Setting } from "../place.ts";
import { isPositive } from "../positive.ts";
import type { Rule } from "../rule.ts";

/** Timeouts, lifetimes and concurrency leave room for at least one try. */
export const positiveLimits: Rule = {
  name: "positive-limits",
  *check(contracts) {
    for (const { element, setting, duration, name } of durations(contracts)) {
      if (duration === undefined || isPositive(duration)) continue;
      yield {
        element,
        setting,
        wrong: `${name} is not positive`,
        write: `${name}: {seconds: 30} or whatever is right`,
      };
    }
    for (const { element, setting, policy } of contracts.methodPolicies()) {
      if (policy.maxConcurrency !== 0) continue;
      yield {
        element,
        setting: [...setting, "maxConcurrency"],
        wrong: "max_concurrency is 0: every call would be refused",
        write: "max_concurrency: 64 or leave it out",
      };
    }
  },
};

interface WrittenDuration {
  readonly element: Element;
  readonly setting: Setting;
  readonly duration: Duration | undefined;
  readonly name: string;
}

function* durations(contracts: LintedContracts): Iterable<WrittenDuration> {
  for (const { element, setting, policy } of contracts.methodPolicies()) {
    const { timeout, totalTimeout, command } = policy;
    yield { element, setting: [...setting, "timeout"], duration: timeout, name: "timeout" };
    yield { element, setting: [...setting, "totalTimeout"], duration: totalTimeout, name: "total_timeout" };
    const expiry = [...setting, "command", "expiresAfter"];
    yield { element, setting: expiry, duration: command?.expiresAfter, name: "expires_after" };
  }
  for (const { element, setting, policy } of contracts.eventPolicies()) {
    yield { element, setting: [...setting, "timeout"], duration: policy.timeout, name: "timeout" };
    yield { element, setting: [...setting, "retention"], duration: policy.retention, name: "retention" };
  }
  for (const service of contracts.services) {
    for (const [index, { timeout }] of (servicePolicyOf(service)?.outside ?? []).entries()) {
      yield { element: service, setting: ["outside", index, "timeout"], duration: timeout, name: "timeout" };
    }
  }
}
