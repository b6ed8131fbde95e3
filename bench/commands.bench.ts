// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent, host, serve } from "@parley/mesh";
import { JobService } from "../test/gen/parley/test/v1/job_pb.js";
import { withBenchBroker } from "./bench-broker.ts";
import { measure, report } from "./measure.ts";
import { PlainPeer } from "./plain-peer.ts";

const one = { callers: 1, forMs: 2_000 };
const many = { callers: 32, forMs: 2_000 };

/**
 * What does a durable command cost over a plain client of the broker: until it is stored, and until its handler has run? The
 * method lets four run at once, and keeps the status of each command.
 */
export async function run(): Promise<void> {
  await withBenchBroker(async (broker, url) => {
    await using peer = await PlainPeer.open(broker);
    const waiting = new Map<string, () => void>();
    const worker = defineAgent({
      name: "test.job",
      serves: [
        serve(JobService, {
          do({ name }) {
            waiting.get(name)?.();
            return {};
          },
          order: () => ({}),
          doSecretly: () => ({}),
        }),
      ],
    });
    await using mesh = await host({ agents: [worker], broker: url, namespace: "bench" });
    let next = 0;
    const dispatch = (name = `m${++next}`) => mesh.dispatch(JobService.method.do, { name });
    const dispatchAndRun = async () => {
      const name = `r${++next}`;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(name, resolve);
      await dispatch(name);
      await promise;
      waiting.delete(name);
    };
    const heard = await measure(() => peer.publishAndHear(), one);
    report("plain publish → consumed, 1 at a time", heard);
    report("dispatch → run, 1 at a time", await measure(dispatchAndRun, one), heard);
    const flood = await measure(() => peer.publishAndHear(), many);
    report("plain publish → consumed, 32 at a time", flood);
    report("dispatch → run, 32 at a time", await measure(dispatchAndRun, many), flood);
    const stored = await measure(() => peer.publish(), many);
    report("plain publish, 32 publishers", stored);
    report("dispatch, 32 dispatchers", await measure(() => dispatch(), many), stored);
  });
}
