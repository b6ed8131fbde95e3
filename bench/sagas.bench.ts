// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { host, type Saga } from "@parley/mesh";
import { booking, TripWorld } from "../test/agents/trip-agents.ts";
import { SeatService, TripWishedSchema } from "../test/gen/parley/test/v1/trip_pb.js";
import { withBenchBroker } from "./bench-broker.ts";
import { measure, report } from "./measure.ts";

const items = ["flight", "hotel", "car", "insurance"] as const;

/**
 * What does a saga of four steps cost over the same four calls one after the other? Each step's handler commits to a journal.
 * Measured from publishing the event that begins it until the result of its last step is there. With undos each step's commit
 * holds a mark beside its event, which makes it a batch; on one broker that is the dearest part.
 */
export async function run(): Promise<void> {
  await withBenchBroker(async (_, url) => {
    const world = new TripWorld();
    await using mesh = await host({ agents: [world.seats(), world.trips()], broker: url, namespace: "bench" });
    const waiting = new Map<string, () => void>();
    const steps = (step: (saga: Saga, item: string) => Promise<unknown>) => async (saga: Saga) => {
      for (const item of items) await step(saga, item);
      waiting.get(saga.key)?.();
    };
    world.plans.set("with undos", steps(booking));
    world.plans.set(
      "without undos",
      steps((saga, item) => saga.call(item, SeatService.method.book, { trip: saga.key, item })),
    );
    let next = 0;
    const saga = (plan: string) => async () => {
      const trip = `t${++next}`;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(trip, resolve);
      await mesh.publish(TripWishedSchema, { trip, plan });
      await promise;
      waiting.delete(trip);
    };
    const seats = mesh.client(SeatService);
    const calls = async () => {
      const trip = `c${++next}`;
      for (const item of items) await seats.book({ trip, item });
    };
    for (const callers of [1, 32]) {
      const options = { callers, forMs: 3_000 };
      const of = `${callers} at once`;
      const plain = await measure(calls, options);
      report(`four plain calls, ${of}`, plain);
      report(`saga of four steps, ${of}`, await measure(saga("without undos"), options), plain);
      report(`saga of four steps with undos, ${of}`, await measure(saga("with undos"), options), plain);
    }
  });
}
