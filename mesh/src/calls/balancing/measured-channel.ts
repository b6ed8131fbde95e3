// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import { MeshError } from "../../mesh-error.ts";
import { untilEnd } from "../../pipeline/step.ts";
import { tellsOfHealth } from "../../resilience/health.ts";
import type { Channel } from "../channel.ts";
import type { ChannelLoad } from "./channel-load.ts";

/** The same channel; what its calls take goes into `load`, in real milliseconds. */
export function measured(channel: Channel, load: ChannelLoad): Channel {
  return {
    instance: channel.instance,
    address: channel.address,
    async call(outgoing) {
      const started = performance.now();
      load.began();
      try {
        const reply = await channel.call(outgoing);
        const now = performance.now();
        load.answered(now - started, now);
        return untilEnd(reply, () => load.ended());
      } catch (thrown) {
        const now = performance.now();
        // To be told that a request is wrong is an answer too.
        if (tellsOfHealth(MeshError.from(thrown))) load.failed(now);
        else load.answered(now - started, now);
        load.ended();
        throw thrown;
      }
    },
  };
}
