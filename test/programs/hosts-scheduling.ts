// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// A process that hosts scheduling agents, to be killed by the test that started it. HOST_AGENTS names them; default: those which
// find times and keep calendars. Says "ready" when they take calls, and then tells of all that they say and hear.
import { host } from "@parley/mesh";
import { providerAgent, schedulingAgent, userAgent } from "@parley/scheduling";

const known = { user: userAgent, main: schedulingAgent, provider: providerAgent };
const wanted = (process.env["HOST_AGENTS"] ?? "main,provider").split(",");
// Never left behind: a test that fails may not come to its end.
process.once("disconnect", () => process.exit());

await host({
  agents: Object.entries(known).flatMap(([name, agent]) => (wanted.includes(name) ? [agent()] : [])),
  broker: process.env["HOST_BROKER"],
  namespace: process.env["HOST_NAMESPACE"],
  observer: process.env["HOST_TELLS"] === undefined ? undefined : (observation) => void process.send?.(observation),
});
process.send?.("ready");
