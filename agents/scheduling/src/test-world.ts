// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Appointment,
  type BookingFailure,
  FailureReason,
  type SlotOffer,
} from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { ProviderDeskService } from "@parley/contracts/parley/scheduling/v1/provider_desk_pb.js";
import { type Provider, ProviderSchema } from "@parley/contracts/parley/scheduling/v1/provider_pb.js";
import { ResourceService } from "@parley/contracts/parley/scheduling/v1/resource_pb.js";
import {
  type ConfirmSlotRequestSchema,
  SchedulingAgentService,
} from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import type { Agent, Client } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { agents } from "./agents.ts";
import { sampleProviders, seed } from "./sample-world.ts";

/** A test mesh in which the sample providers can be booked, with a client for each service. */
export interface TestWorld extends AsyncDisposable {
  readonly mesh: TestMesh;
  readonly users: Client<typeof UserAgentService>;
  readonly scheduling: Client<typeof SchedulingAgentService>;
  readonly providers: Client<typeof ProviderAgentService>;
  readonly desk: Client<typeof ProviderDeskService>;
  readonly resources: Client<typeof ResourceService>;
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
    desk: mesh.client(ProviderDeskService, { source: "scheduling.provider" }),
    resources: mesh.client(ResourceService, { source: "scheduling.provider" }),
    [Symbol.asyncDispose]: () => mesh[Symbol.asyncDispose](),
  };
}

/** The request that confirms an offer. */
export function choiceOf(
  userId: string,
  { slotId, providerId, startTime, endTime }: SlotOffer,
  more: MessageInitShape<typeof ConfirmSlotRequestSchema> = {},
): MessageInitShape<typeof ConfirmSlotRequestSchema> {
  return { userId, slotId, providerId, ...(startTime && { startTime }), ...(endTime && { endTime }), ...more };
}

/** The one that must be there. */
export function first<T>(all: readonly T[]): T {
  const [one] = all;
  if (one === undefined) throw new Error("there is none");
  return one;
}

/** What came of a request that may fail: the appointment, or the name of the reason. */
export function outcomeOf(response: {
  readonly result: { readonly case: string | undefined; readonly value?: Appointment | BookingFailure | undefined };
}): Appointment | string {
  const { value } = response.result;
  if (value?.$typeName === "parley.scheduling.v1.Appointment") return value;
  return FailureReason[value?.reason ?? FailureReason.UNSPECIFIED];
}

/** The appointment that came of it. */
export function booked(response: Parameters<typeof outcomeOf>[0]): Appointment {
  const outcome = outcomeOf(response);
  if (typeof outcome === "string") throw new Error(`not booked: ${outcome}`);
  return outcome;
}

/** One of the sample providers, as it is described. */
export function sampleProvider(providerId: string): Provider {
  return create(ProviderSchema, first(sampleProviders.filter((provider) => provider.providerId === providerId)));
}
