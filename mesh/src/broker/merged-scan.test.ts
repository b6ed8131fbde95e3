// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { newestFirst } from "./merged-scan.ts";
import { statusPartOf, statusParts } from "./status-parts.ts";
import { openTestBroker, textMessage } from "./testdata/test-broker.ts";

const method = "parley.test.v1.TestService/DoIt";
const [here, there] = ["test.here", "test.there"];

test("several streams are read as one, newest first, from any place on, and nothing that came meanwhile is seen", async () => {
  await using world = await openTestBroker();
  const { broker, names, subjects, appender } = world;
  const ids = Array.from({ length: 60 }, (_, index) => `c${index}`);
  const tell = async (id: string, agent: string) => {
    await appender.append(textMessage(subjects.status({ id, agent, method }), `${id} ${agent}`, id));
    // The broker tells of times to the millisecond: within one, those of several streams have no order.
    await new Promise((resolve) => setTimeout(resolve, 2));
  };
  for (const [index, id] of ids.entries()) await tell(id, index % 2 === 0 ? here : there);
  expect(new Set(ids.map(statusPartOf)).size).toBe(statusParts);

  const partsOf = (agent: string | undefined) =>
    names.statuses.map((stream, part) => ({
      stream,
      filter: subjects.statuses(part, { agent, method: undefined, batch: undefined }),
    }));
  const read = async (agent: string | undefined, below?: readonly number[]) => {
    const found = await Array.fromAsync(newestFirst(broker, partsOf(agent), below));
    return found.map(({ entry, below }) => ({ id: new TextDecoder().decode(entry.payload), below }));
  };
  const all = await read(undefined);
  expect(all.map(({ id }) => id)).toEqual(ids.toReversed());
  expect((await read(here)).map(({ id }) => id)).toEqual(ids.filter((_, index) => index % 2 === 0).toReversed());

  for (const id of ["late-1", "late-2", "late-3", "late-4"]) await tell(id, here);
  for (const at of [0, 1, 30, 58, 59]) {
    const left = await read(undefined, all[at]?.below);
    expect(left.map(({ id }) => id)).toEqual(ids.toReversed().slice(at + 1));
  }
});
