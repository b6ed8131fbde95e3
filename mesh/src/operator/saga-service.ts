// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { SagaService } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { Host } from "../agent/host-options.ts";
import { type Served, serve } from "../agent/serve.ts";

/** Sagas of a page when nobody says how many. */
const defaultPageSize = 100;

/** Serves SagaService: the histories themselves are looked at and added to. */
export function sagaService(attached: () => Promise<Host>): Served {
  return serve(SagaService, {
    async listSagas({ agent, saga, statuses, changedAfter, changedBefore, pageSize, pageToken }) {
      const { sagas } = await attached();
      const page = await sagas.list({
        agent: agent === "" ? undefined : agent,
        saga: saga === "" ? undefined : saga,
        statuses,
        changedAfter: changedAfter && timestampMs(changedAfter),
        changedBefore: changedBefore && timestampMs(changedBefore),
        pageSize: pageSize || defaultPageSize,
        pageToken,
      });
      return { sagas: [...page.sagas], nextPageToken: page.nextPageToken };
    },
    async getSaga({ sagaId }) {
      const { summary, records } = await (await attached()).sagas.get(sagaId);
      return { summary, records: [...records] };
    },
    async retrySaga({ sagaId, by, note }, { agent }) {
      await (await attached()).sagas.retry(sagaId, { agent, by, note });
      return {};
    },
    async resolveSaga({ sagaId, by, note }, { agent }) {
      await (await attached()).sagas.resolve(sagaId, { agent, by, note });
      return {};
    },
    async cancelSaga({ sagaId, by, note }, { agent }) {
      await (await attached()).sagas.cancel(sagaId, { agent, by, note });
      return {};
    },
  });
}
