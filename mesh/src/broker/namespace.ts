// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { all } from "../all.ts";
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
  const deleted = (some: readonly string[]) =>
    all(some.map((name) => patiently(broker, `deletion of stream "${name}"`, () => deleteStream(broker, name))));
  // Those that source others first: a source that goes away is looked for.
  const isSource = (name: string) => name.startsWith(`${prefix}JOURNAL`);
  await deleted(names.filter((name) => !isSource(name)));
  await deleted(names.filter(isSource));
}

async function deleteStream(broker: Broker, name: string): Promise<void> {
  try {
    await broker.manager.streams.delete(name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
