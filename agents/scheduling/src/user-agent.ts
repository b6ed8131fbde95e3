// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import { type Agent, defineAgent, serve } from "@parley/mesh";
import { endpointFrom, modelReader, type SentenceReader } from "./model/sentence-reader.ts";
import { continuations } from "./user/continue.ts";
import { talk } from "./user/converse.ts";
import { hears, news } from "./user/news.ts";
import { liking } from "./user/preferences.ts";
import { suggestion } from "./user/suggestion.ts";

/**
 * The user agent: speaks with users, in their words and their time. Conversations are kept in journals, so any instance can go on with one.
 * `model` reads the sentences; by default the one that PARLEY_MODEL_URL names, else there is none and the grammar reads them.
 */
export function userAgent(model: SentenceReader | undefined = modelFrom(process.env)): Agent {
  return defineAgent({
    name: "scheduling.user",
    description: "Understands what users say, has it done, and tells them the outcome.",
    permissions: ["READ_PROVIDERS", "REQUEST_APPOINTMENT", "CONFIRM_SLOT", "CANCEL_APPOINTMENT", "READ_APPOINTMENTS"],
    serves: [serve(UserAgentService, { ...talk(model), ...news, ...liking, ...suggestion })],
    hears: [...hears, ...continuations],
  });
}

function modelFrom(environment: NodeJS.ProcessEnv): SentenceReader | undefined {
  const endpoint = endpointFrom(environment);
  return endpoint === undefined ? undefined : modelReader(endpoint);
}
