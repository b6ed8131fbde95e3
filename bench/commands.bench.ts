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
 * What does a durable command cost over a plain client of the broker: until it is stored, and until its reply is
 * here? The status of each is written when it begins and when it is done.
 */
export async function run(): Promise<void> {
  await withBenchBroker(async (broker, url) => {
    await using peer = await PlainPeer.open(broker);
    const worker = defineAgent({
      name: "test.job",
      permissions: ["TEST_JOB"],
      serves: [serve(JobService, { do: () => ({}), order: () => ({}), doSecretly: () => ({}) })],
    });
    await using mesh = await host({ agents: [worker], broker: url, namespace: "bench" });
    const dispatch = () => mesh.dispatch(JobService.method.doSecretly, {});
    const dispatchUntilDone = async () => (await dispatch()).result();
    const heard = await measure(() => peer.publishAndHear(), one);
    report("plain publish → consumed, 1 at a time", heard);
    report("dispatch → done, 1 at a time", await measure(dispatchUntilDone, one), heard);
    const flood = await measure(() => peer.publishAndHear(), many);
    report("plain publish → consumed, 32 at a time", flood);
    report("dispatch → done, 32 at a time", await measure(dispatchUntilDone, many), flood);
    const stored = await measure(() => peer.publish(), many);
    report("plain publish, 32 publishers", stored);
    report("dispatch, 32 dispatchers", await measure(dispatch, many), stored);
  });
}
