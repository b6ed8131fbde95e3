// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { Movement } from "./movement.ts";

const durable = { stream: "EVENTS", name: "ear~listen", filters: ["ns.evt.*.Said.*.*", "ns.evt.*.ear~listen.*.*"] };
const said = (sequence: number, type = "Said") => ({
  stream: "EVENTS",
  sequence,
  subject: `ns.evt.medium.${type}.3.key`,
});
const namesOf = ({ awaited }: Movement) => awaited.map(({ coming, durable: { name } }) => `${coming} of ${name}`);

/** A durable that begins at a sequence, and whose puller takes what comes as long as `takes` says so. */
function pulling(movement: Movement, begins: number, init: { takes: boolean; readonly pinned?: boolean }) {
  const pull = movement.pulling({
    durable: { ...durable, pinned: init.pinned },
    get takes() {
      return init.takes;
    },
  });
  pull.ready(begins);
  return pull;
}

test("what is stored for a durable is awaited until it comes, from where the durable begins, in whatever order it is told", () => {
  const movement = new Movement();
  for (const place of [said(1), said(2), said(3, "Sung")]) movement.stored(place);
  const pull = pulling(movement, 2, { takes: true });
  expect(namesOf(movement)).toEqual(["1 of ear~listen"]);
  pull.delivered(4);
  movement.stored(said(4));
  movement.stored(said(5, "ear~listen"));
  movement.stored({ ...said(6), stream: "COMMANDS" });
  expect(namesOf(movement)).toEqual(["2 of ear~listen"]);
  pull.delivered(2);
  pull.delivered(5);
  expect(movement.awaited).toEqual([]);
});

test("what nobody takes is not awaited; a pinned durable's only comes to the one that it is pinned to", () => {
  const [one, two] = [{ takes: false }, { takes: false }];
  const movement = new Movement();
  const pulls = [one, two].map((init) => pulling(movement, 1, init));
  movement.stored(said(1));
  expect(movement.awaited).toEqual([]);
  two.takes = true;
  expect(namesOf(movement)).toEqual(["1 of ear~listen"]);
  for (const pull of pulls) pull.ended();
  expect(movement.awaited).toEqual([]);

  const pinned = new Movement();
  for (const { takes } of [one, two]) pulling(pinned, 1, { takes, pinned: true });
  pinned.stored(said(1));
  expect(pinned.awaited).toEqual([]);
});

test("what is given back comes again, unless that is for later", () => {
  const movement = new Movement();
  const pull = pulling(movement, 1, { takes: true });
  for (const sequence of [1, 2]) {
    movement.stored(said(sequence));
    pull.delivered(sequence);
  }
  pull.givenBack(1, 1);
  pull.givenBack(2, 1_000);
  expect(namesOf(movement)).toEqual(["1 of ear~listen"]);
  pull.delivered(1);
  expect(movement.awaited).toEqual([]);
});

test("a call is on its way except while it is handled here", async () => {
  const movement = new Movement();
  const answered = movement.calling("m-1");
  expect(movement.underWay).toEqual(['call "m-1"']);
  const handled = movement.serving("m-1");
  expect(movement.underWay).toEqual([]);
  await expect(movement.still(1_000)).resolves.toBe(true);
  handled();
  await expect(movement.still(10)).resolves.toBe(false);
  answered();
  await expect(movement.still(1_000)).resolves.toBe(true);
  movement.serving("of a stranger")();
  expect(movement.underWay).toEqual([]);
});

test("what begins in the turns after something ended is waited for too", async () => {
  const movement = new Movement();
  const ends: string[] = [];
  const begin = (left: number) => {
    const end = movement.begin(`step ${left}`);
    setTimeout(() => {
      ends.push(`step ${left}`);
      end();
      if (left > 1) setImmediate(() => setImmediate(() => begin(left - 1)));
    }, 1);
  };
  begin(5);
  await movement.still(10_000);
  expect(ends).toHaveLength(5);
});
