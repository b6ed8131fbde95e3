// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethod, FileRegistry } from "@bufbuild/protobuf";
import type { MethodPolicy } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import type { Level, LintedContracts } from "../linted-contracts.ts";
import type { Rule } from "../rule.ts";

/** A fallback is another unary method of these contracts, which leads back nowhere and is run as a command where the first is. */
export const methodFallback: Rule = {
  name: "method-fallback",
  *check(contracts) {
    for (const method of contracts.methods) {
      const level = levelOf(contracts, method);
      if (level === undefined) continue;
      const name = level.policy.fallback ?? "";
      const fallback = methodCalled(contracts.registry, name);
      const wrong = whyUnfit(method, fallback, name) ?? whyUnkept(contracts, method, fallback);
      if (wrong === undefined) continue;
      yield {
        element: level.element,
        setting: [...level.setting, "fallback"],
        wrong,
        write: 'the full name of another unary method, like "shop.v1.OrderService/PlaceOrder"',
      };
    }
  },
};

function whyUnfit(method: DescMethod, fallback: DescMethod | undefined, name: string): string | undefined {
  if (fallback === undefined) return `fallback "${name}" of "${method.name}" is no known method`;
  if (fallback === method) return `"${method.name}" falls back to itself`;
  if (method.methodKind !== "unary") return `"${method.name}" is a stream, which cannot fall back`;
  if (fallback.methodKind !== "unary") return `fallback "${name}" of "${method.name}" is a stream`;
  return undefined;
}

function whyUnkept(
  contracts: LintedContracts,
  method: DescMethod,
  fallback: DescMethod | undefined,
): string | undefined {
  const passed = [method];
  for (let next = fallback; next !== undefined; ) {
    if (passed.includes(next)) {
      const way = [...passed, next].map((each) => `"${each.parent.name}/${each.name}"`).join(", ");
      return `the fallbacks of "${method.name}" lead back: ${way}`;
    }
    passed.push(next);
    next = methodCalled(contracts.registry, levelOf(contracts, next)?.policy.fallback ?? "");
  }
  const isCommand = (each: DescMethod) => contracts.levelsOf(each).some(({ policy }) => policy.command !== undefined);
  if (fallback === undefined || !isCommand(method) || isCommand(fallback)) return undefined;
  return `"${method.name}" may be dispatched, but its fallback "${fallback.name}" has no command policy`;
}

function levelOf(contracts: LintedContracts, method: DescMethod): Level<MethodPolicy> | undefined {
  return contracts.levelsOf(method).find(({ policy }) => policy.fallback !== undefined);
}

function methodCalled(registry: FileRegistry, fullName: string): DescMethod | undefined {
  const [serviceName = "", methodName] = fullName.split("/");
  return registry.getService(serviceName)?.methods.find(({ name }) => name === methodName);
}
