// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { Context } from "@parley/mesh";
import type { Provider } from "./domain/booking/provider.ts";
import { providerFrom } from "./messages/provider-message.ts";

/** Whom to list, and in which conversation. */
export interface Listing {
  /** Only those who offer it; unset: all. */
  readonly serviceType?: string | undefined;
  /** Default: the conversation of the message being handled. */
  readonly conversationId?: string | undefined;
}

/** Everybody who can be booked now, by id. */
export async function knownProviders(ctx: Pick<Context, "client">, listing: Listing): Promise<readonly Provider[]> {
  const { serviceType = "", conversationId } = listing;
  const client = ctx.client(ProviderAgentService);
  const providers: Provider[] = [];
  let pageToken = "";
  do {
    const page = await client.listProviders({ serviceType, pageToken }, { conversationId });
    providers.push(...page.providers.map(providerFrom));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return providers;
}
