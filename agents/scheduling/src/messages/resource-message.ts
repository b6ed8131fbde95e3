// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import {
  type Resource as ResourceMessage,
  ResourceSchema,
} from "@parley/contracts/parley/scheduling/v1/resource_pb.js";
import type {
  ResourceDescribed,
  ResourceFreed,
  ResourceReserved,
} from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import type { Resource, ResourceEvent } from "../domain/booking/resource.ts";
import { windowOf } from "./instants.ts";
import { present } from "./present.ts";

/** The resource as a message. */
export function resourceMessage(resource: Resource): ResourceMessage {
  return create(ResourceSchema, { ...resource, providerIds: [...resource.providerIds] });
}

/** The resource that a message says. */
export function resourceFrom({ resourceId, name, kind, capacity, providerIds }: ResourceMessage): Resource {
  return { resourceId, name, kind, capacity, providerIds };
}

/** The event of a resource that a message says. */
export function resourceEventOf(message: ResourceDescribed | ResourceReserved | ResourceFreed): ResourceEvent {
  switch (message.$typeName) {
    case "parley.scheduling.v1.ResourceDescribed":
      return { kind: "described", resource: resourceFrom(present(message.resource)) };
    case "parley.scheduling.v1.ResourceReserved":
      return { kind: "reserved", appointmentId: message.appointmentId, time: windowOf(present(message.time)) };
    case "parley.scheduling.v1.ResourceFreed":
      return { kind: "freed", appointmentId: message.appointmentId };
  }
}
