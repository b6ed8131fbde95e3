// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// A process with telemetry as a mesh host has it. Writes one line of JSON: what crossed, and which packages were loaded.
import { registerHooks } from "node:module";

const loaded = new Set<string>();
registerHooks({
  load(url, context, next) {
    const name = /node_modules\/(@opentelemetry\/[^/]+)/.exec(url)?.[1];
    if (name !== undefined) loaded.add(name);
    return next(url, context);
  },
});

const { startTelemetry } = await import("../../mesh/src/telemetry/sdk.ts");
const { tellStory } = await import("./story.ts");
const telemetry = await startTelemetry({ serviceName: "shop-host", serviceVersion: "1.2.3", instanceId: "i-1" });
// A second host in the process; the first one's telemetry outlives it.
const again = await startTelemetry({ serviceName: "second" });
await again.shutdown();
const story = await tellStory();
await telemetry.shutdown();
process.stdout.write(JSON.stringify({ ...story, loaded: [...loaded] }), () => {
  if (process.env["STORY_EXITS"] !== undefined) process.exit();
});
