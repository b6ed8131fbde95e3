// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { OpeningReason, ProviderAvailableSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import type { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { ProviderDescribedSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import type { Implementation } from "@parley/mesh";
import { openedTimes } from "../domain/booking/opening.ts";
import type { Provider } from "../domain/booking/provider.ts";
import { offeringOf } from "../domain/booking/provider.ts";
import { ruleProblem } from "../domain/booking/recurring-days.ts";
import { isTimeZone } from "../domain/time/time-zone.ts";
import { invalid } from "../failure.ts";
import { timeFields } from "../messages/instants.ts";
import { providerFrom, providerMessage } from "../messages/provider-message.ts";
import { calendars } from "./calendars.ts";
import { overview } from "./overview.ts";
import { shown } from "./shown.ts";

type Methods = Pick<Implementation<typeof ProviderAgentService>, "upsertProvider" | "listProviders">;

const pageSize = 200;
/** More stretches of new time than that are not told of: nobody would be suggested one of the later ones. */
const mostOpened = 100;

/** Who the providers are. */
export const descriptions: Methods = {
  async upsertProvider(request, ctx) {
    const provider = checked(providerFrom(required(request.provider)));
    const message = providerMessage(provider);
    const { providerId } = provider;
    const now = ctx.clock.now();
    const version = await ctx.commit({ calendar: calendars.at(providerId) }, ({ calendar }, outbox) => {
      const before = calendar.state.provider;
      // Described again in the same words: nothing happens, so no offer becomes older than it is.
      if (JSON.stringify(before) === JSON.stringify(provider)) return calendar.version;
      calendar.append(ProviderDescribedSchema, { provider: message });
      const opened = before === undefined ? [] : openedTimes(before, provider, now);
      if (opened.length > 0) {
        const windows = opened.slice(0, mostOpened).map(timeFields);
        outbox.publish(ProviderAvailableSchema, { providerId, windows, reason: OpeningReason.HOURS_ADDED });
      }
      return calendar.version;
    });
    await shown(ctx);
    return { provider: message, version };
  },

  listProviders({ serviceType, pageSize: asked, pageToken }, ctx) {
    const after = placeOf(pageToken);
    const providers = [...ctx.view(overview).providers.values()]
      .filter((provider) => serviceType === "" || offeringOf(provider, serviceType) !== undefined)
      .filter(({ providerId }) => providerId > after)
      .sort((a, b) => (a.providerId < b.providerId ? -1 : 1));
    const page = providers.slice(0, asked || pageSize);
    const nextPageToken = page.length < providers.length ? `after.${page.at(-1)?.providerId}` : "";
    return { providers: page.map(providerMessage), nextPageToken };
  },
};

/** The id after which the page begins. */
function placeOf(pageToken: string): string {
  if (pageToken === "") return "";
  const id = /^after\.([A-Za-z0-9_-]+)$/.exec(pageToken)?.[1];
  if (id !== undefined) return id;
  throw invalid("page_token", `${JSON.stringify(pageToken)} is no page token; give the one of the last page, or none`);
}

function checked(provider: Provider): Provider {
  const { timeZone, services } = provider;
  if (!isTimeZone(timeZone))
    throw invalid("provider.time_zone", `"${timeZone}" is no IANA time zone; write one like "Europe/Berlin"`);
  const types = services.map(({ serviceType }) => serviceType);
  const twice = types.find((type, index) => types.indexOf(type) !== index);
  if (twice !== undefined)
    throw invalid("provider.services", `"${twice}" stands there twice; give each service once, with all its names`);
  for (const [index, recurring] of (provider.recurringHours ?? []).entries()) {
    const problem = ruleProblem(recurring);
    if (problem !== undefined) throw invalid(`provider.recurring_hours[${index}]`, problem);
  }
  return provider;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw invalid("provider", "is missing");
  return value;
}
