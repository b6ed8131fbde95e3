// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// A process that hosts the agents which find times and keep calendars, to be killed by the test that started it. Says "ready"
// when they take calls.
import { host } from "@parley/mesh";
import { providerAgent, schedulingAgent } from "@parley/scheduling";

await host({
  agents: [schedulingAgent(), providerAgent()],
  broker: process.env["HOST_BROKER"],
  namespace: process.env["HOST_NAMESPACE"],
});
process.send?.("ready");
