// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { EchoService } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { Contracts } from "../contracts/contracts.ts";
import { MeshError } from "../mesh-error.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { Breakers } from "./breakers.ts";

const breaker = { failureRate: 0.5, windowMs: 60_000, minimumCalls: 2, openForMs: 30_000, halfOpenProbes: 2 };
const [method] = Contracts.of({ services: [EchoService] }).services[0]?.methods ?? [];
const failure = new MeshError({ code: "CONNECTION_LOST", message: "gone" });

test("a slow call from before the breaker opened neither closes it nor takes or gives the place of a probe", async () => {
  if (method === undefined) throw new Error("the service has methods");
  const contract = { ...Contracts.of({ services: [EchoService] }).method(method), breaker };
  const channel = { instance: "i", address: undefined, call: async () => undefined };
  const clock = new ManualClock();
  const states: string[] = [];
  const breakers = new Breakers(clock, (_, state) => states.push(state));
  const admit = () => breakers.admit(contract, channel);

  const slow = [admit(), admit(), admit(), admit()];
  for (const failed of [admit(), admit()]) failed?.failed(failure);
  await clock.advance(breaker.openForMs);
  const probe = admit();
  for (const [index, late] of slow.entries()) index < 3 ? late?.succeeded() : late?.failed(failure);
  expect(states).toEqual(["open", "half_open"]);
  const second = admit();
  expect(admit).toThrow(MeshError);
  probe?.succeeded();
  second?.succeeded();
  expect(states).toEqual(["open", "half_open", "closed"]);
});
