// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethod, FileRegistry } from "@bufbuild/protobuf";
import type { Rule } from "../rule.ts";

/** A fallback is another unary method of these contracts. */
export const methodFallback: Rule = {
  name: "method-fallback",
  *check(contracts) {
    for (const method of contracts.methods) {
      const level = contracts.levelsOf(method).find(({ policy }) => policy.fallback !== undefined);
      if (level === undefined) continue;
      const name = level.policy.fallback ?? "";
      const wrong = whyUnfit(method, methodCalled(contracts.registry, name), name);
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

function methodCalled(registry: FileRegistry, fullName: string): DescMethod | undefined {
  const [serviceName = "", methodName] = fullName.split("/");
  return registry.getService(serviceName)?.methods.find(({ name }) => name === methodName);
}
