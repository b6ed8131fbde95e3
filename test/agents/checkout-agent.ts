// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent, defineSaga, MeshError, undo } from "@parley/mesh";
import { SeatService, TripPaidSchema, TripWishedSchema } from "../gen/parley/test/v1/trip_pb.js";

const { book, release } = SeatService.method;
const halfAnHour = 30 * 60_000;

/** Books a trip, and gives back what it booked when it is not paid in time. */
export const checkout = defineSaga({
  name: "checkout",
  version: 1,
  startsOn: TripWishedSchema,
  waits: [TripPaidSchema],
  key: ({ trip }) => trip,
  async run(saga, { trip }) {
    const flight = { trip, item: "flight" };
    const hotel = { trip, item: "hotel" };
    await saga.all(
      saga.call("book flight", book, flight, { undo: undo(release, flight) }),
      saga.call("book hotel", book, hotel, { undo: undo(release, hotel) }),
    );
    const paid = await saga.waitFor("payment", TripPaidSchema, { key: trip, timeoutMs: halfAnHour });
    if (paid === undefined) throw new MeshError({ code: "REFUSED", message: `trip "${trip}" was not paid in time` });
    await saga.sleepUntil("a day later", new Date(saga.now().getTime() + 86_400_000));
    await saga.call("book guide", book, { trip, item: "guide" });
  },
});

/** The agent whose instances drive the saga. */
export const checkoutAgent = defineAgent({ name: "test.checkout", sagas: [checkout] });
