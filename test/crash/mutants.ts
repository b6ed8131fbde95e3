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
  /** Where an agent has to die for the defect to show, or the program that shows it; unset: any run does. */
  readonly at: CrashPoint | "stopped writer" | "three nodes" | undefined;
  /** Whose passing it has to be; unset: anyone's. */
  readonly of?: string;
}

/** What the checker has to find. */
export const mutants: readonly Mutant[] = [
  {
    name: "acknowledges before it handles",
    file: "delivery/deliver.ts",
    from: 'crashPoint("delivery.received", hearing.operation.handler);',
    to: 'pulled.ack(); await new Promise((resolve) => setTimeout(resolve, 20)); crashPoint("delivery.received", hearing.operation.handler);',
    at: "delivery.received",
  },
  {
    name: "publishes under new ids when it handles again",
    file: "events/publisher.ts",
    from: "messageId: origin.ids?.next(contract.typeName, key),",
    to: "messageId: undefined,",
    at: "delivery.handled",
    of: "mail",
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
    from: "const id = letterIdOf(burial);",
    to: "const id = derivedId(pulled.stream, Math.random(), agent, handler);",
    at: "delivery.buried",
  },
  {
    name: "appends without looking whether others were faster",
    file: "broker/new-message.ts",
    from: "if (message.expect !== undefined) {",
    to: "if (message.expect !== undefined && message.expect.lastSequence < 0) {",
    at: "stopped writer",
  },
  {
    name: "compacts without asking what is sourced",
    file: "journal/compactor.ts",
    from: "const sourced = await sourcedFloor(this.#broker, stream);",
    to: "const sourced = Number.MAX_SAFE_INTEGER - 1;",
    at: "three nodes",
  },
  {
    name: "removes the last event of a key too",
    file: "journal/compactor.ts",
    from: "sequence: below }",
    to: "sequence: lastSequence + 1 }",
    at: undefined,
  },
  {
    name: "says in a snapshot what is older than its place",
    file: "journal/snapshot.ts",
    from: "    state: key.state,\n    version: key.version,",
    to: "    state: key.state,\n    version: key.version - 1,",
    at: undefined,
  },
  {
    name: "leaves the reply of its own commit out of a snapshot",
    file: "journal/snapshot.ts",
    from: "handled: latest(own === undefined ? handled : [...handled, own])",
    to: "handled",
    at: "commit.after-append",
  },
];
