// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage } from "@bufbuild/protobuf";
import type { EventPolicy } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import type { WithPolicy } from "../linted-contracts.ts";
import type { Problem, Rule } from "../rule.ts";
import { screamingSnake } from "../screaming-snake.ts";

/**
 * An event is called like its message, its module first; what older peers call it is an alias. No name means
 * two events, except that versions of one package may share names.
 */
export const eventName: Rule = {
  name: "event-name",
  *check({ events }) {
    const taken = new Map<string, DescMessage>();
    for (const event of events) {
      const expected = screamingSnake(event.desc.name);
      if (event.policy.name !== expected) yield misnamed(event, expected);
      if (!expected.includes("_")) {
        yield {
          element: event.desc,
          wrong: `"${event.desc.name}" does not say which module it comes from`,
          write: "a message name of module and what happened, like DriveFileAdded",
        };
      }
      yield* repeated(event, taken);
    }
  },
};

function misnamed({ desc, policy: { name } }: WithPolicy<DescMessage, EventPolicy>, expected: string): Problem {
  return {
    element: desc,
    setting: ["name"],
    wrong: name === "" ? `event "${desc.name}" has no name` : `name "${name}" is not that of message "${desc.name}"`,
    write: `name: "${expected}"${name === "" ? "" : ` and, if peers use the other, aliases: ["${name}"]`}`,
  };
}

function* repeated(
  { desc, policy }: WithPolicy<DescMessage, EventPolicy>,
  taken: Map<string, DescMessage>,
): Iterable<Problem> {
  const names = [policy.name, ...policy.aliases].filter((name) => name !== "");
  for (const [index, name] of names.entries()) {
    const holder = taken.get(name);
    if (holder !== undefined && unversioned(holder) !== unversioned(desc)) {
      yield {
        element: desc,
        setting: index === 0 ? ["name"] : ["aliases", index - 1],
        wrong: `"${name}" already means event "${holder.typeName}"`,
        write: "a name that no other event has",
      };
    }
    taken.set(name, holder ?? desc);
  }
}

/** `drive` for `drive.v1.FileAdded` as for `drive.v2.FileAdded`. */
function unversioned({ file }: DescMessage): string {
  return file.proto.package.replace(/\.v\d\w*$/, "");
}
