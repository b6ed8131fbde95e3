// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ResourceService } from "@parley/contracts/parley/scheduling/v1/resource_pb.js";
import { ResourceDescribedSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import type { Implementation } from "@parley/mesh";
import { notFound } from "../failure.ts";
import { timeFields } from "../messages/instants.ts";
import { present } from "../messages/present.ts";
import { resourceFrom, resourceMessage } from "../messages/resource-message.ts";
import { overview } from "./overview.ts";
import { resources } from "./resources.ts";
import { shown } from "./shown.ts";

/** Rooms and equipment. */
export const resourceService: Implementation<typeof ResourceService> = {
  async upsertResource(request, ctx) {
    const resource = resourceFrom(present(request.resource));
    const message = resourceMessage(resource);
    await ctx.commit({ known: resources.at(resource.resourceId) }, ({ known }) => {
      const same = JSON.stringify(known.state.resource) === JSON.stringify(resource);
      if (!same) known.append(ResourceDescribedSchema, { resource: message });
      return null;
    });
    await shown(ctx);
    return { resource: message };
  },

  listResources({ kind }, ctx) {
    const all = [...ctx.view(overview).resources.values()].filter((each) => kind === "" || each.kind === kind);
    return { resources: all.sort((a, b) => (a.resourceId < b.resourceId ? -1 : 1)).map(resourceMessage) };
  },

  async getReservations({ resourceId }, ctx) {
    const { resource, reservations } = await ctx.load(resources.at(resourceId));
    if (resource === undefined) throw notFound(`there is no resource "${resourceId}"; ListResources lists all`);
    const byStart = [...reservations].sort(([, one], [, other]) => one.start - other.start);
    return { reservations: byStart.map(([appointmentId, time]) => ({ appointmentId, time: timeFields(time) })) };
  },
};
