// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent, host, on } from "@parley/mesh";
import { EchoSaidSchema } from "../test/gen/parley/test/v1/echo_pb.js";
import { withBenchBroker } from "./bench-broker.ts";
import { measure, report } from "./measure.ts";
import { PlainPeer } from "./plain-peer.ts";

const one = { callers: 1, forMs: 2_000 };
const many = { callers: 32, forMs: 2_000 };

/**
 * What does an event cost over a plain client of the broker: until it is stored, and until its hearer has handled it? One
 * broker; publisher and hearer in one process, so that both sides share the same two cores.
 */
export async function run(): Promise<void> {
  await withBenchBroker(async (broker, url) => {
    await using peer = await PlainPeer.open(broker);
    const waiting = new Map<string, () => void>();
    const ear = defineAgent({
      name: "test.ear",
      hears: [on(EchoSaidSchema, { name: "hear" }, async ({ text }) => waiting.get(text)?.())],
    });
    await using mesh = await host({ agents: [ear], broker: url, namespace: "bench" });
    let next = 0;
    const publish = (text = `m${++next}`) => mesh.publish(EchoSaidSchema, { key: `k${next % 64}`, text });
    const publishAndHear = async () => {
      const text = `h${++next}`;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(text, resolve);
      await publish(text);
      await promise;
      waiting.delete(text);
    };
    const stored = await measure(() => peer.publish(), one);
    report("plain publish, 1 publisher", stored);
    report("publish, 1 publisher", await measure(() => publish(), one), stored);
    const heard = await measure(() => peer.publishAndHear(), one);
    report("plain publish → consumed, 1 at a time", heard);
    report("publish → handled, 1 at a time", await measure(publishAndHear, one), heard);
    const flood = await measure(() => peer.publishAndHear(), many);
    report("plain publish → consumed, 32 at a time", flood);
    report("publish → handled, 32 at a time", await measure(publishAndHear, many), flood);
    const storedMany = await measure(() => peer.publish(), many);
    report("plain publish, 32 publishers", storedMany);
    report("publish, 32 publishers", await measure(() => publish(), many), storedMany);
  });
}
