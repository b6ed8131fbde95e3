// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { defineAgent, serve } from "@parley/mesh";
import { FastService, LeastService, TurnService, WeightedService } from "../gen/parley/test/v1/balance_pb.js";

/** What an instance takes its time over. */
export interface BalancePace {
  /** Milliseconds that AskFast takes; default: none. */
  readonly slowMs?: number | undefined;
  /** Ends the wait that an AskLeast asks for. */
  readonly released?: Promise<unknown> | undefined;
}

/** The agent that says which of its instances was asked. */
export function balanceAgent(who: string, { slowMs = 0, released = new Promise(() => {}) }: BalancePace = {}) {
  return defineAgent({
    name: "test.balance",
    serves: [
      serve(TurnService, { askInTurn: () => ({ who }) }),
      serve(WeightedService, { askWeighted: () => ({ who }) }),
      serve(LeastService, {
        async askLeast(request) {
          if (request.wait !== undefined) await Promise.race([released, wait(durationMs(request.wait))]);
          return { who };
        },
      }),
      serve(FastService, {
        async askFast() {
          await wait(slowMs);
          return { who };
        },
      }),
    ],
  });
}
