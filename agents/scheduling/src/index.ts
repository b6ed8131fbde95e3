// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { agents } from "./agents.ts";
export { type DemoOptions, type DemoResult, type DemoTerminal, demo } from "./demo.ts";
export { providerAgent } from "./provider-agent.ts";
export { sampleProviders, seed } from "./sample-world.ts";
export { schedulingAgent } from "./scheduling-agent.ts";
export { userAgent } from "./user-agent.ts";
