// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { ProviderDescribedSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import type { Implementation } from "@parley/mesh";
import type { Provider } from "../domain/booking/provider.ts";
import { offeringOf } from "../domain/booking/provider.ts";
import { isTimeZone } from "../domain/time/time-zone.ts";
import { invalid } from "../failure.ts";
import { providerFrom, providerMessage } from "../messages/provider-message.ts";
import { calendars } from "./calendars.ts";
import { overview } from "./overview.ts";
import { shown } from "./shown.ts";

type Methods = Pick<Implementation<typeof ProviderAgentService>, "upsertProvider" | "listProviders">;

const pageSize = 200;

/** Who the providers are. */
export const descriptions: Methods = {
  async upsertProvider(request, ctx) {
    const provider = checked(providerFrom(required(request.provider)));
    const message = providerMessage(provider);
    const version = await ctx.commit({ calendar: calendars.at(provider.providerId) }, ({ calendar }) => {
      // Described again in the same words: nothing happens, so no offer becomes older than it is.
      const same = JSON.stringify(calendar.state.provider) === JSON.stringify(provider);
      if (!same) calendar.append(ProviderDescribedSchema, { provider: message });
      return calendar.version;
    });
    await shown(ctx);
    return { provider: message, version };
  },

  listProviders({ serviceType, pageSize: asked, pageToken }, ctx) {
    const providers = [...ctx.view(overview).providers.values()]
      .filter((provider) => serviceType === "" || offeringOf(provider, serviceType) !== undefined)
      .filter(({ providerId }) => providerId > pageToken)
      .sort((a, b) => (a.providerId < b.providerId ? -1 : 1));
    const page = providers.slice(0, asked || pageSize);
    const nextPageToken = page.length < providers.length ? (page.at(-1)?.providerId ?? "") : "";
    return { providers: page.map(providerMessage), nextPageToken };
  },
};

function checked(provider: Provider): Provider {
  const { timeZone, services } = provider;
  if (!isTimeZone(timeZone))
    throw invalid("provider.time_zone", `"${timeZone}" is no IANA time zone; write one like "Europe/Berlin"`);
  const types = services.map(({ serviceType }) => serviceType);
  const twice = types.find((type, index) => types.indexOf(type) !== index);
  if (twice !== undefined)
    throw invalid("provider.services", `"${twice}" stands there twice; give each service once, with all its names`);
  return provider;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw invalid("provider", "is missing");
  return value;
}
