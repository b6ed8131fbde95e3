// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  SagaService,
  SagaStatus,
  type SagaSummary,
  SagaSummarySchema,
} from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { OutputFormat } from "../../commands/output-option.ts";
import type { MeshChoice } from "../../state/find-mesh.ts";
import { listLines } from "../../terminal/list.ts";
import { moment } from "../../terminal/moment.ts";
import { show } from "../../terminal/show.ts";
import type { Style } from "../../terminal/style.ts";
import { meshClient } from "../mesh-client.ts";
import { readPages, tellMore } from "../pages.ts";

/** Which sagas are listed, and how. */
export interface ListChoice extends MeshChoice {
  readonly agent?: string | undefined;
  readonly saga?: string | undefined;
  readonly status?: readonly string[] | undefined;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly limit: number;
  readonly output: OutputFormat;
}

/** Largest page that the mesh gives. */
const maxPage = 1_000;

/** Prints sagas, those that are not over first. */
export async function listSagas(choice: ListChoice): Promise<void> {
  const { agent = "", saga = "", status = [], since, until, limit, output } = choice;
  const client = meshClient(SagaService, choice);
  const filter = {
    agent,
    saga,
    statuses: status.map(statusNamed),
    ...(since === undefined ? {} : { changedAfter: timestampFromMs(since) }),
    ...(until === undefined ? {} : { changedBefore: timestampFromMs(until) }),
  };
  const listed = await readPages<SagaSummary>(async (pageToken, pageSize) => {
    const page = await client.listSagas({ ...filter, pageToken, pageSize: Math.min(pageSize, maxPage) });
    return { items: page.sagas, nextPageToken: page.nextPageToken };
  }, limit);
  show(output, {
    json: () => listed.items.map((item) => toJson(SagaSummarySchema, item)),
    table: (style) => table(listed.items, style),
  });
  tellMore(listed, limit);
}

/** A status as people read it: `needs attention`. */
export function statusText(status: SagaStatus, { green, red, yellow }: Style): string {
  const text = (SagaStatus[status] ?? "unknown").toLowerCase().replace("_", " ");
  if (status === SagaStatus.COMPLETED) return green(text);
  if (status === SagaStatus.NEEDS_ATTENTION) return red(text);
  return status === SagaStatus.COMPENSATING || status === SagaStatus.COMPENSATED ? yellow(text) : text;
}

function statusNamed(name: string): SagaStatus {
  const key = name.toUpperCase().replace("-", "_");
  return key in SagaStatus ? SagaStatus[key as keyof typeof SagaStatus] : SagaStatus.UNSPECIFIED;
}

function table(items: readonly SagaSummary[], style: Style): readonly string[] {
  const head = ["SAGA", "STATUS", "STEPS", "BEGAN", "CHANGED", "DUE", "WHY"];
  const rows = items.map(({ sagaId, status, canceled, steps, startedAt, changedAt, due, error }) => [
    sagaId,
    statusText(status, style),
    String(steps),
    moment(startedAt),
    moment(changedAt),
    moment(due),
    canceled ? "canceled" : (error?.code ?? ""),
  ]);
  return listLines({ head, rows, right: [2], none: "no sagas" }, style);
}
