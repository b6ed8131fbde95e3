// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage } from "@bufbuild/protobuf";
import { fieldsOf } from "../../field-path.ts";
import type { LintedContracts } from "../linted-contracts.ts";
import type { Element, Setting } from "../place.ts";
import type { Problem, Rule } from "../rule.ts";

/** The field paths of methods and fields lead to one scalar; an event's key has its own rule. */
export const fieldPaths: Rule = {
  name: "field-paths",
  *check(contracts) {
    for (const { element, setting, desc, path } of writtenPaths(contracts)) {
      const wrong = path === undefined ? undefined : whyNowhere(desc, path);
      if (wrong !== undefined) yield { element, setting, wrong, write: pathHint };
    }
  },
};

/** What to write where a path leads nowhere. */
export const pathHint = 'a path of field names to a string, boolean, enum or whole number, like "order.customer_id"';

/** Why `path` cannot be used on `desc`; undefined when it can. */
export function whyNowhere(desc: DescMessage, path: string): Problem["wrong"] | undefined {
  try {
    fieldsOf(desc, path);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface WrittenPath {
  readonly element: Element;
  readonly setting: Setting;
  /** What the path starts from. */
  readonly desc: DescMessage;
  readonly path: string | undefined;
}

function* writtenPaths(contracts: LintedContracts): Iterable<WrittenPath> {
  for (const method of contracts.methods) {
    const levels = contracts.levelsOf(method);
    const desc = method.input;
    const key = levels.find(({ policy }) => policy.idempotencyKey !== undefined);
    if (key !== undefined) {
      const { element, setting, policy } = key;
      yield { element, setting: [...setting, "idempotencyKey"], desc, path: policy.idempotencyKey };
    }
    const command = levels.find(({ policy }) => policy.command !== undefined);
    if (command !== undefined) {
      const { element, setting, policy } = command;
      yield { element, setting: [...setting, "command", "orderKey"], desc, path: policy.command?.orderKey };
    }
  }
  for (const { desc, policy } of contracts.fields) {
    yield { element: desc, setting: ["dataSubject"], desc: desc.parent, path: policy.dataSubject };
  }
}
