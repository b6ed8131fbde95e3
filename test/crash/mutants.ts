// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { CrashPoint } from "../../mesh/src/crash-point.ts";

/** A deliberate defect: one place in the mesh's source, and what a test process runs there instead. */
export interface Mutant {
  readonly name: string;
  /** Below mesh/src. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Where an agent has to die for the defect to show; unset: it shows without. */
  readonly at: CrashPoint | undefined;
}

/** What the checker has to find. */
export const mutants: readonly Mutant[] = [
  {
    name: "acknowledges before it handles",
    file: "delivery/deliver.ts",
    from: 'crashPoint("delivery.received");',
    to: 'pulled.ack(); await new Promise((resolve) => setTimeout(resolve, 20)); crashPoint("delivery.received");',
    at: "delivery.received",
  },
  {
    name: "publishes under new ids when it handles again",
    file: "events/publisher.ts",
    from: "messageId: origin.ids?.next(contract.typeName, key),",
    to: "messageId: undefined,",
    at: "delivery.handled",
  },
  {
    name: "forgets what a commit was made for",
    file: "journal/compose.ts",
    from: "if (causeId !== undefined && version === before.version + 1) {",
    to: "if (causeId === undefined) {",
    at: "commit.after-append",
  },
  {
    name: "buries under new ids",
    file: "delivery/dead-letters.ts",
    from: "const id = derivedId(pulled.stream, pulled.sequence, agent, handler);",
    to: "const id = derivedId(pulled.stream, Math.random(), agent, handler);",
    at: "delivery.buried",
  },
  {
    name: "appends without looking whether others were faster",
    file: "broker/new-message.ts",
    from: "if (message.expect !== undefined) {",
    to: "if (message.expect !== undefined && message.expect.lastSequence < 0) {",
    at: undefined,
  },
  {
    name: "compacts more than the snapshot holds",
    file: "journal/compactor.ts",
    from: "sequence: below }",
    to: "sequence: below + 1 }",
    at: undefined,
  },
  {
    name: "says in a snapshot less than it holds",
    file: "journal/snapshot.ts",
    from: "    version: key.version,\n    handled: key",
    to: "    version: key.version - 1,\n    handled: key",
    at: undefined,
  },
];
