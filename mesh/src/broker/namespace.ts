// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { isNotFound } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { patiently } from "./patience.ts";
import { Subjects } from "./subjects.ts";

/**
 * Deletes every stream and bucket of a namespace, with all that they hold. There is no way back; tests use it to clean up.
 *
 * @throws MeshError BROKER_UNAVAILABLE when the broker does not answer.
 */
export async function deleteNamespace(broker: Broker, namespace: string): Promise<void> {
  const prefix = `${new Subjects(namespace).namespace}_`;
  const names: string[] = [];
  await patiently(broker, `streams of namespace "${namespace}"`, async () => {
    for await (const name of broker.manager.streams.names()) {
      if (name.startsWith(prefix) || name.startsWith(`KV_${prefix}`)) names.push(name);
    }
  });
  // Those that source others first: a source that goes away is looked for.
  for (const name of names.sort(
    (left, right) => Number(left.includes("JOURNAL")) - Number(right.includes("JOURNAL")),
  )) {
    await patiently(broker, `deletion of stream "${name}"`, () => deleteStream(broker, name));
  }
}

async function deleteStream(broker: Broker, name: string): Promise<void> {
  try {
    await broker.manager.streams.delete(name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
