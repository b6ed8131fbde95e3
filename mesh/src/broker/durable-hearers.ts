// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "./connection.ts";
import { nameOfToken, nameToken } from "./key-token.ts";
import { patiently } from "./patience.ts";

/**
 * Names of the hearers, or methods, for which an agent has durables in a stream, in the order of the alphabet.
 *
 * @throws MeshError NOT_FOUND when the stream is not there, BROKER_UNAVAILABLE
 */
export async function durableHearers(broker: Broker, stream: string, agent: string): Promise<readonly string[]> {
  const token = nameToken(agent);
  return patiently(broker, `the hearers of "${agent}" in stream "${stream}"`, async () => {
    const hearers = new Set<string>();
    for await (const { name } of broker.manager.consumers.list(stream)) {
      const [owner, hearer] = name.split("~");
      if (owner === token && hearer !== undefined) hearers.add(nameOfToken(hearer));
    }
    return [...hearers].sort();
  });
}
