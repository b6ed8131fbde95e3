// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { defineAgent, serve } from "@parley/mesh";
import { FastService, LeastService, TurnService, WeightedService } from "../gen/parley/test/v1/balance_pb.js";

/** The agent that says which of its instances was asked. @param slowMs how long it takes over AskFast */
export function balanceAgent(who: string, slowMs = 0) {
  return defineAgent({
    name: "test.balance",
    serves: [
      serve(TurnService, { askInTurn: () => ({ who }) }),
      serve(WeightedService, { askWeighted: () => ({ who }) }),
      serve(LeastService, {
        async askLeast(request) {
          await wait(request.wait === undefined ? 0 : durationMs(request.wait));
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
