// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// A process that hears numbered news in order, and counts them by commits. It tells when each handler began and ended. The
// news "block" makes it stand still, as a handler does that computes for long.
import { setTimeout as wait } from "node:timers/promises";
import { defineAgent, host, on, onCommit } from "@parley/mesh";
import { counts } from "../agents/account-agent.ts";
import { AccountCountedSchema } from "../gen/parley/test/v1/account_pb.js";
import { NewsNumberedSchema } from "../gen/parley/test/v1/news_pb.js";

process.once("disconnect", () => process.exit());
const tell = (message: object) => void process.send?.(message);
const standsStillMs = Number(process.env["HOST_BLOCK_MS"] ?? "8000");

const reader = defineAgent({
  name: "test.reader",
  hears: [
    on(NewsNumberedSchema, { name: "read", from: "now" }, async ({ key }, { header }) => {
      const news = { key, id: header.messageId };
      tell({ kind: "began", ...news, at: Date.now() });
      if (key === "block" && header.attempt === 1) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, standsStillMs);
      }
      await wait(10);
      tell({ kind: "ended", ...news, at: Date.now() });
    }),
    onCommit(
      NewsNumberedSchema,
      { name: "count", from: "now", keys: ({ key }) => ({ count: counts.at(key) }) },
      ({ key }, { count }) => count.append(AccountCountedSchema, { account: key }),
    ),
  ],
});

const hosted = await host({
  agents: [reader],
  broker: process.env["HOST_BROKER"],
  namespace: process.env["HOST_NAMESPACE"],
});
tell({ kind: "ready", url: hosted.url });
process.once("SIGTERM", () => void hosted.drain().then(() => process.disconnect?.()));
