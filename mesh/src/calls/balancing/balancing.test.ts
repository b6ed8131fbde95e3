// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import type { Balancing } from "../../contracts/policy.ts";
import { MeshError, type MeshErrorInit } from "../../mesh-error.ts";
import { outgoing } from "../../pipeline/testdata/exchange.ts";
import type { Channel } from "../channel.ts";
import type { Balancer, Candidate } from "./balancer.ts";
import { balancerOf } from "./balancer-of.ts";
import { ChannelLoad } from "./channel-load.ts";
import { measured } from "./measured-channel.ts";

const strategies = ["ROUND_ROBIN", "WEIGHTED_ROUND_ROBIN", "LEAST_CONNECTIONS", "RESPONSE_TIME"] as const;

/** Instances named by letters, with these weights. */
function instances(...weights: number[]): Candidate[] {
  return weights.map((weight, index) => {
    const id = String.fromCharCode(97 + index);
    return {
      id,
      weight,
      load: new ChannelLoad(),
      channel: { instance: id, address: undefined, call: async () => undefined },
    };
  });
}

function balancer(strategy: Balancing, random: () => number = () => 0): Balancer {
  return balancerOf(strategy, { random, now: () => 0 });
}

/** Whom so many calls go to, one after the other. */
function chosen(balance: Balancer, candidates: readonly Candidate[], calls: number): string {
  return Array.from({ length: calls }, () => balance(candidates)[0]?.id).join("");
}

test.each(strategies)(
  "%s tries every instance, the chosen one first, and changes nothing of what it is given",
  (strategy) => {
    const balance = balancer(strategy, Math.random);
    for (const count of [0, 1, 2, 7]) {
      const candidates = Object.freeze(instances(...Array.from({ length: count }, (_, index) => index + 1)));
      for (let i = 0; i < 20; i++) {
        expect(
          balance(candidates)
            .map(({ id }) => id)
            .sort(),
        ).toEqual(candidates.map(({ id }) => id));
      }
    }
  },
);

test("round robin gives each its turn, the next one right behind, also while instances come and go [R43]", () => {
  const balance = balancer("ROUND_ROBIN");
  const [a, b, c] = instances(1, 1, 1) as [Candidate, Candidate, Candidate];
  expect(chosen(balance, [a, b, c], 4)).toBe("abca");
  expect(balance([a, b, c]).map(({ id }) => id)).toEqual(["b", "c", "a"]);
  expect(new Set(chosen(balance, [a, c], 2))).toEqual(new Set("ac"));
});

test("weighted round robin follows the weights, evenly spread, and a newcomer gets its share at once [R43]", () => {
  const balance = balancer("WEIGHTED_ROUND_ROBIN");
  const [a, b, c] = instances(5, 1, 1) as [Candidate, Candidate, Candidate];
  expect(chosen(balance, [a, b, c], 7)).toBe("aabacaa");
  expect(chosen(balance, [a, b, c], 7)).toBe("aabacaa");
  expect(chosen(balance, [b, c], 4)).toMatch(/^(bcbc|cbcb)$/);
});

test("least connections goes where the fewest calls are in flight, among equals in turn [R43]", () => {
  const balance = balancer("LEAST_CONNECTIONS");
  const all = instances(1, 1, 1);
  const [a, b, c] = all as [Candidate, Candidate, Candidate];
  expect(new Set(chosen(balance, all, 3))).toEqual(new Set("abc"));
  for (const one of [a, a, b]) one.load.began();
  expect(chosen(balance, all, 3)).toBe("ccc");
  expect(balance(all).map(({ id }) => id)).toEqual(["c", "b", "a"]);
  c.load.began();
  c.load.began();
  b.load.ended();
  expect(chosen(balance, all, 2)).toBe("bb");
});

test("response time takes the faster of two random ones; who hangs, fails at once or is unknown is told apart [R43]", () => {
  const all = instances(1, 1, 1);
  const [a, b, c] = all as [Candidate, Candidate, Candidate];
  a.load.answered(10, 0);
  b.load.answered(200, 0);
  // Picks of (a, b), (b, c) and (c, a).
  const picks = (first: number) => balancer("RESPONSE_TIME", sequence(first, 0))(all)[0]?.id;
  expect(picks(0)).toBe("a");
  expect(picks(1 / 3)).toBe("c");
  for (let i = 0; i < 100; i++) a.load.began();
  expect(picks(0)).toBe("b");
  c.load.failed(0);
  c.load.failed(0);
  c.load.failed(0);
  expect(c.load.averageMs(0)).toBeGreaterThan(100);
});

test("a moving average follows the newest calls, and fades while there are none, so that what was slow is tried again", () => {
  const load = new ChannelLoad();
  expect(load.averageMs(0)).toBe(0);
  load.answered(100, 0);
  expect(load.averageMs(0)).toBe(100);
  load.answered(200, 0);
  expect(load.averageMs(0)).toBeCloseTo(120);
  expect(load.averageMs(10_000)).toBeCloseTo(60);
  for (let i = 0; i < 100; i++) load.failed(0);
  expect(load.averageMs(0)).toBeLessThanOrEqual(60_000);
});

test("a call is in flight until its answer is whole, and only an unwell instance counts as failing", async () => {
  let failures = 0;
  class CountingLoad extends ChannelLoad {
    override failed(now: number): void {
      failures++;
      super.failed(now);
    }
  }
  const load = new CountingLoad();
  const answers: (() => Promise<unknown>)[] = [];
  const channel: Channel = {
    instance: "a",
    address: undefined,
    call: () => answers.shift()?.() as ReturnType<Channel["call"]>,
  };
  const call = () => measured(channel, load).call(outgoing());
  answers.push(async () => words());
  const reply = (await call()) as AsyncIterable<unknown>;
  expect(load.inFlight).toBe(1);
  for await (const _ of reply);
  expect(load.inFlight).toBe(0);
  const fail = (error: MeshErrorInit) => {
    answers.push(() => Promise.reject(new MeshError(error)));
    return call().catch(() => failures);
  };
  expect(await fail({ code: "NOT_FOUND", message: "no such thing" })).toBe(0);
  expect(await fail({ code: "CONNECTION_LOST", message: "refused" })).toBe(1);
  expect(load.inFlight).toBe(0);
});

async function* words() {
  yield* ["one", "two"];
}

function sequence(...values: number[]): () => number {
  return () => values.shift() ?? 0;
}
