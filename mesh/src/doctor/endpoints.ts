// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { connect } from "node:http2";
import { type AgentProfile, InstanceStatus } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { Check } from "./patient.ts";
import { profilesOf } from "./profiles.ts";

/** Milliseconds that an instance has to answer. */
const timeoutMs = 3_000;

/** Whether every instance that is to take calls can be reached from here, and is not frozen. */
export const endpoints: Check = async (patient) => {
  const ready = (await profilesOf(patient)).filter(
    ({ status, services }) => status === InstanceStatus.READY && services.length > 0,
  );
  const byEndpoint = Map.groupBy(ready, ({ endpoint }) => endpoint);
  const found = await Promise.all(
    [...byEndpoint].map(async ([endpoint, profiles]) => ({ endpoint, profiles, problem: await problemWith(endpoint) })),
  );
  return found.flatMap(({ endpoint, profiles, problem }) =>
    problem === undefined ? [] : [silent(endpoint, profiles, problem)],
  );
};

function silent(endpoint: string, profiles: readonly AgentProfile[], problem: string) {
  const agents = profiles.map(({ name }) => `"${name}"`).join(", ");
  return {
    severity: "error",
    code: "endpoint-silent",
    where: endpoint,
    what: `The directory says that ${agents} take(s) calls there, but it does not answer: ${problem}.`,
    next: "See whether the process hangs, and whether it is reached from here; advertise another address if it is not.",
  } as const;
}

/** Calls go over HTTP/2, so a ping of it is the question: its answer needs a process that runs. */
function problemWith(endpoint: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let session: ReturnType<typeof connect> | undefined;
  const timer = setTimeout(() => resolve(`no answer within ${timeoutMs} ms`), timeoutMs);
  try {
    session = connect(endpoint);
    session.on("error", (error) => resolve(error.message));
    session.on("close", () => resolve("it closed the connection"));
    session.on("connect", () => session?.ping((error: Error | null) => resolve(error?.message)));
  } catch (error) {
    resolve(String(error));
  }
  return promise.finally(() => {
    clearTimeout(timer);
    session?.destroy();
  });
}
