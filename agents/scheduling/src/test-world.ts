// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import type { Agent, Client } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { agents } from "./agents.ts";
import { seed } from "./sample-world.ts";

/** A test mesh in which the sample providers can be booked, with a client for each service. */
export interface TestWorld extends AsyncDisposable {
  readonly mesh: TestMesh;
  readonly users: Client<typeof UserAgentService>;
  readonly scheduling: Client<typeof SchedulingAgentService>;
  readonly providers: Client<typeof ProviderAgentService>;
}

/**
 * Starts it; its clock begins on a Monday, 5 January 2026 at 9:00 UTC. `others` take the place of the real agents; `beside` is
 * a mesh in which they are to be hosted once more.
 */
export async function testWorld(
  others: readonly Agent[] = agents(),
  beside?: Pick<TestMesh, "namespace" | "clock">,
): Promise<TestWorld> {
  const mesh = await testMesh({ agents: others, namespace: beside?.namespace, clock: beside?.clock });
  await seed(mesh);
  return {
    mesh,
    users: mesh.client(UserAgentService, { source: "person" }),
    scheduling: mesh.client(SchedulingAgentService, { source: "scheduling.user" }),
    providers: mesh.client(ProviderAgentService, { source: "scheduling.main" }),
    [Symbol.asyncDispose]: () => mesh[Symbol.asyncDispose](),
  };
}
