// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Agent, defineAgent, defineJournal, defineSaga, MeshError, type Saga, serve, undo } from "@parley/mesh";
import {
  ErrandPaidSchema,
  ErrandWishedSchema,
  PurseChargedSchema,
  PurseRefundedSchema,
  PurseService,
} from "../gen/parley/crash/v1/errand_pb.js";

/** How often each reference was charged and given back. */
export interface Purse {
  readonly [reference: string]: { readonly charged: number; readonly refunded: number };
}

/** Purses that errands share: their commits meet. */
export const purseNames = ["ann", "bob", "cleo", "dora", "emil", "fred", "gina", "hugo"] as const;

/** The purses. */
export const purses = defineJournal({
  name: "purses",
  version: 1,
  events: [PurseChargedSchema, PurseRefundedSchema],
  initial: (): Purse => ({}),
  evolve(state, event) {
    const { charged, refunded } = state[event.reference] ?? { charged: 0, refunded: 0 };
    switch (event.$typeName) {
      case "parley.crash.v1.PurseCharged":
        return { ...state, [event.reference]: { charged: charged + 1, refunded } };
      case "parley.crash.v1.PurseRefunded":
        return { ...state, [event.reference]: { charged, refunded: refunded + 1 } };
    }
  },
});

/** Ways that an errand can go. */
export const errandPlans = ["straight", "refused", "sleeps", "paid", "parallel", "given up"] as const;
export type ErrandPlan = (typeof errandPlans)[number];

const { charge, refund } = PurseService.method;

/** Steps that a way charges when it comes to its end. */
export const errandSteps: Readonly<Record<ErrandPlan, readonly string[]>> = {
  straight: ["a", "b", "c", "d"],
  refused: [],
  sleeps: ["a", "b"],
  paid: ["a", "b"],
  parallel: ["a", "b", "c", "d"],
  "given up": [],
};

/** Purse of a step of an errand. */
export function purseOf(errand: string, step: string): string {
  const number = [...`${errand}${step}`].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return purseNames[number % purseNames.length] ?? "ann";
}

function charging(saga: Saga, step: string, forbidden = false): Promise<unknown> {
  const request = { purse: purseOf(saga.key, step), reference: `${saga.key}/${step}` };
  return saga.call(step, charge, { ...request, forbidden }, { undo: undo(refund, request) });
}

async function errand(saga: Saga, plan: string): Promise<void> {
  switch (plan) {
    case "refused":
      await charging(saga, "a");
      await charging(saga, "b");
      await charging(saga, "c", true);
      return;
    case "sleeps":
      await charging(saga, "a");
      await saga.sleepUntil("nap", new Date(saga.now().getTime() + 6_500));
      await charging(saga, "b");
      return;
    case "paid":
      await charging(saga, "a");
      await saga.waitFor("money", ErrandPaidSchema, { key: saga.key, timeoutMs: 120_000 });
      await charging(saga, "b");
      return;
    case "parallel":
      await charging(saga, "a");
      await saga.all(charging(saga, "b"), charging(saga, "c"));
      await charging(saga, "d");
      return;
    case "given up":
      await charging(saga, "a");
      await saga.all(charging(saga, "b"), saga.sleepUntil("nap", new Date(saga.now().getTime() + 6_000)));
      throw new MeshError({ code: "REFUSED", message: "given up" });
    default:
      for (const step of errandSteps.straight) await charging(saga, step);
  }
}

/** The agents of the sagas' scenario. */
export function errandAgents(): readonly Agent[] {
  return [
    defineAgent({
      name: "crash.purse",
      serves: [
        serve(PurseService, {
          charge: ({ purse, reference, forbidden }, ctx) => {
            if (forbidden) throw new MeshError({ code: "REFUSED", message: "forbidden" });
            return ctx.commit({ at: purses.at(purse) }, ({ at }) => {
              at.append(PurseChargedSchema, { reference });
              return { charges: at.state[reference]?.charged ?? 0 };
            });
          },
          refund: ({ purse, reference }, ctx) =>
            ctx.commit({ at: purses.at(purse) }, ({ at }) => {
              const { charged, refunded } = at.state[reference] ?? { charged: 0, refunded: 0 };
              if (charged > refunded) at.append(PurseRefundedSchema, { reference });
              return { refunded: charged > refunded };
            }),
        }),
      ],
    }),
    defineAgent({
      name: "crash.errands",
      sagas: [
        defineSaga({
          name: "errand",
          version: 1,
          startsOn: ErrandWishedSchema,
          waits: [ErrandPaidSchema],
          key: ({ errand }) => errand,
          run: (saga, { plan }) => errand(saga, plan),
        }),
      ],
    }),
  ];
}
