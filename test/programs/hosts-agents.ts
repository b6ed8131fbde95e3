// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// A process that hosts agents, to be stopped, killed or drained by a test that started it with `startHost`. Its contract time
// stands still, so what waits for a retry waits for ever. SIGTERM drains it.
import { host, MeshError } from "@parley/mesh";
import { ManualClock } from "@parley/mesh/testing";
import { echoAgent } from "../agents/echo-agent.ts";
import { Workshop } from "../agents/job-agent.ts";
import { Listener } from "../agents/listener.ts";

const listener = new Listener();
const workshop = new Workshop();
// Never left behind: a test that fails may not come to its end.
process.once("disconnect", () => process.exit());
// Also when the word comes before anybody waits for it.
const toldToGoOn = new Promise((resolve) => process.once("message", resolve));
const tell = (message: object) => void process.send?.(message);

listener.behave("parks", () => {
  throw new MeshError({ code: "UNAVAILABLE", message: "not now" });
});
listener.behave("ends the process", () => {
  process.kill(process.pid, "SIGKILL");
});

workshop.behave("never ends", () => new Promise(() => {}));
workshop.behave("waits", async () => {
  tell({ kind: "began", key: "waits" });
  await toldToGoOn;
  throw new MeshError({ code: "UNAVAILABLE", message: "not now" });
});

const hosted = await host({
  agents: [listener.agent("test.ear"), echoAgent(), workshop.agent()],
  broker: process.env["HOST_BROKER"],
  namespace: process.env["HOST_NAMESPACE"],
  heartbeat: JSON.parse(process.env["HOST_HEARTBEAT"] ?? "null") ?? undefined,
  clock: new ManualClock(),
  observer: (observation) => tell({ kind: observation.kind, header: observation.header, error: observation.error }),
});
tell({ kind: "ready", url: hosted.url });
process.once("SIGTERM", () => void hosted.drain().then(() => process.disconnect?.()));
