// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { SagaStatus, SagaSummarySchema } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { expect, inject, onTestFinished, test } from "vitest";
import { connectBroker } from "../broker/connection.ts";
import { keyToken } from "../broker/key-token.ts";
import { openBucket } from "../broker/key-value.ts";
import { deleteNamespace } from "../broker/namespace.ts";
import { newId } from "../ids.ts";
import { listSagas } from "./list-sagas.ts";
import { SagaIndex } from "./saga-index.ts";

async function openIndex() {
  const broker = await connectBroker({ url: inject("natsUrl"), name: "test" });
  const namespace = newId();
  onTestFinished(async () => {
    await deleteNamespace(broker, namespace);
    await broker[Symbol.asyncDispose]();
  });
  return { broker, namespace, index: await SagaIndex.open(broker, { namespace }) };
}

const running = (key: string, changedMs: number) =>
  create(SagaSummarySchema, {
    sagaId: `a/s/${key}`,
    agent: "a",
    saga: "s",
    status: SagaStatus.RUNNING,
    changedAt: timestampFromMs(changedMs),
  });

test("pages miss no saga when some that were listed turn out to be over meanwhile", async () => {
  const { index } = await openIndex();
  const noted = ["gone1", "kept1", "gone2", "kept2", "kept3", "kept4"];
  for (const [place, key] of noted.entries()) {
    await index.note(running(key, 1_000_000 - place), false);
  }
  const listed: string[] = [];
  for (let pageToken = "", pages = 0; pages === 0 || pageToken !== ""; pages++) {
    const page = await listSagas(index, { statuses: [], pageSize: 2, pageToken }, async (summary) =>
      summary.sagaId.includes("gone") ? undefined : summary,
    );
    listed.push(...page.sagas.map(({ sagaId }) => sagaId));
    pageToken = page.nextPageToken;
  }
  expect(listed).toEqual(["a/s/kept1", "a/s/kept2", "a/s/kept3", "a/s/kept4"]);
});

test("an entry that nobody can read holds up no other saga", async () => {
  const { broker, namespace, index } = await openIndex();
  await index.note(running("kept", 1_000), false);
  const bucket = await openBucket(broker, { namespace, purpose: "sagas" });
  await bucket.put(keyToken("a/s/broken"), Buffer.from([0xff, 0xff]));
  expect((await index.openSagas()).map(({ sagaId }) => sagaId)).toEqual(["a/s/kept"]);
});
