// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Agent, type Context, defineAgent, defineJournal, defineSaga, type Saga, serve, undo } from "@parley/mesh";
import {
  SeatBookedSchema,
  SeatReleasedSchema,
  SeatService,
  TripPaidSchema,
  TripPartSchema,
  TripWishedSchema,
} from "../gen/parley/test/v1/trip_pb.js";

/** Seats of a trip: how often each item is booked now. */
export const seats = defineJournal({
  name: "seats",
  version: 1,
  events: [SeatBookedSchema, SeatReleasedSchema],
  initial: (): Readonly<Record<string, number>> => ({}),
  evolve(state, event) {
    const now = state[event.item] ?? 0;
    switch (event.$typeName) {
      case "parley.test.v1.SeatBooked":
        return { ...state, [event.item]: now + 1 };
      case "parley.test.v1.SeatReleased":
        return { ...state, [event.item]: now - 1 };
    }
  },
});

const { book, release } = SeatService.method;

/** A step that books, with what undoes it. */
export function booking(saga: Saga, item: string): Promise<{ readonly seat: string }> {
  const request = { trip: saga.key, item };
  return saga.call(`book ${item}`, book, request, { undo: undo(release, request) });
}

/** What a test has the agents do. */
export class TripWorld {
  /** Handlers that came, `book x` or `release x`, in their order. */
  readonly came: string[] = [];
  /** Errors that bookings ended with. */
  readonly refused: unknown[] = [];
  /** What is done before an item is booked or released; may throw. */
  readonly before = new Map<string, (ctx: Context) => Promise<void> | void>();
  /** What sagas do, by the plan of their wish. */
  readonly plans = new Map<string, (saga: Saga) => Promise<unknown>>();

  /** The agent that keeps seats. */
  seats(): Agent {
    return defineAgent({
      name: "test.seats",
      serves: [
        serve(SeatService, {
          book: async ({ trip, item }, ctx) => {
            await this.#come(`book ${item}`, ctx);
            const booked = ctx.commit({ trip: seats.at(trip) }, ({ trip }) => {
              trip.append(SeatBookedSchema, { item });

              return { seat: `${item}-${trip.state[item]}` };
            });
            booked.catch((error: unknown) => this.refused.push(error));
            const reply = await booked;
            return { ...reply, filling: item === "huge" ? "x".repeat(300_000) : "" };
          },
          release: async ({ trip, item }, ctx) => {
            await this.#come(`release ${item}`, ctx);
            return ctx.commit({ trip: seats.at(trip) }, ({ trip }) => {
              const released = (trip.state[item] ?? 0) > 0;
              if (released) trip.append(SeatReleasedSchema, { item });
              return { released };
            });
          },
        }),
      ],
    });
  }

  /** The agent that has the sagas. */
  trips(version = 1): Agent {
    const part = defineSaga({
      name: "part",
      version: 1,
      startsOn: TripPartSchema,
      key: ({ trip }) => trip,
      run: async (saga, { plan }) => void (await this.#plan(plan)(saga)),
    });
    this.part = part;
    const trip = defineSaga({
      name: "trip",
      version,
      startsOn: TripWishedSchema,
      waits: [TripPaidSchema],
      key: ({ trip }) => trip,
      run: async (saga, { plan }) => void (await this.#plan(plan)(saga)),
    });
    return defineAgent({ name: "test.trips", sagas: [trip, part] });
  }

  part: ReturnType<typeof defineSaga<typeof TripPartSchema>> | undefined;

  #plan(name: string): (saga: Saga) => Promise<unknown> {
    const plan = this.plans.get(name);
    if (plan === undefined) throw new Error(`no plan "${name}"`);
    return plan;
  }

  async #come(what: string, ctx: Context): Promise<void> {
    this.came.push(what);
    await this.before.get(what)?.(ctx);
  }
}
