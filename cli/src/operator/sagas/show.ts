// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toJson } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  GetSagaResponseSchema,
  type SagaRecord,
  SagaService,
  SagaStatus,
  SagaStepKind,
  type SagaSummary,
} from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { OutputFormat } from "../../commands/output-option.ts";
import type { MeshChoice } from "../../state/find-mesh.ts";
import { duration } from "../../terminal/duration.ts";
import { moment } from "../../terminal/moment.ts";
import { show } from "../../terminal/show.ts";
import type { Style } from "../../terminal/style.ts";
import { tableLines } from "../../terminal/table.ts";
import { meshClient } from "../mesh-client.ts";
import { statusText } from "./list.ts";

/** Where a saga is looked for, and how it is shown. */
export interface ShowChoice extends MeshChoice {
  readonly output: OutputFormat;
}

/** Prints a saga with its history. */
export async function showSaga(sagaId: string, choice: ShowChoice): Promise<void> {
  const answer = await meshClient(SagaService, choice).getSaga({ sagaId });
  const { summary, records } = answer;
  show(choice.output, {
    json: () => toJson(GetSagaResponseSchema, answer),
    table: (style) => [...(summary === undefined ? [] : head(summary, style)), "", ...timeline(records, style)],
  });
}

function head(summary: SagaSummary, style: Style): readonly string[] {
  const { sagaId, run, version, status, canceled, error, due, domain } = summary;
  return [
    `${style.bold(sagaId)}  ${statusText(status, style)}${canceled ? ", canceled" : ""}`,
    `run ${run}, version ${version} of its code, in the journal of ${domain}`,
    ...(error === undefined ? [] : [`${style.red(error.code)} ${error.message}`]),
    ...(due === undefined ? [] : [`goes on at ${moment(due)}`]),
  ];
}

/** Its history, a line per record, with the time since it began. */
function timeline(records: readonly SagaRecord[], { dim, red }: Style): readonly string[] {
  const began = records[0]?.at;
  const rows = records.map(({ at, what }) => {
    const since = at === undefined || began === undefined ? 0 : timestampMs(at) - timestampMs(began);
    const [name, text, code = ""] = told(what);
    return [dim(moment(at)), dim(`+${duration(since)}`), name, text, red(code)];
  });
  return tableLines(rows, { right: [1] });
}

type Told = readonly [name: string, text: string, code?: string | undefined];

function told(what: SagaRecord["what"]): Told {
  switch (what.case) {
    case "started":
      return ["began", `by ${what.value.inputType} ${what.value.startId}`];
    case "begun": {
      const { step, kind, target, key, due } = what.value;
      const until = due === undefined ? "" : ` until ${moment(due)}`;
      return [kindNames[kind] ?? "step", `${step}: ${target}${key === "" ? "" : ` of "${key}"`}${until}`];
    }
    case "ended": {
      const { step, error, reply, sequence } = what.value;
      if (error !== undefined) return ["failed", `${step}: ${error.message}`, error.code];
      return ["done", `${step}${reply === undefined && sequence === 0n ? "" : `, ${reply?.length ?? 0} bytes`}`];
    }
    case "delayed": {
      const { step, undo, attempt, due, error } = what.value;
      const again = `${step}${undo ? " (undo)" : ""}: try ${attempt} failed, again at ${moment(due)}`;
      return ["again", again, error?.code];
    }
    case "parked":
      return ["waits", what.value.due === undefined ? "for what comes" : `until ${moment(what.value.due)}`];
    case "turned": {
      const { error, canceled, towards } = what.value;
      const why = canceled ? "canceled" : (error?.message ?? "");
      return ["undoes", towards === SagaStatus.COMPLETED ? "what failed steps may have left" : why, error?.code];
    }
    case "undone":
      return ["undone", what.value.step];
    case "over":
      return ["ended", statusName(what.value.status), what.value.error?.code];
    case "asked": {
      const { by, note, what: asked } = what.value;
      const status = asked.case === "childEnded" ? ` ${asked.value.step} ${statusName(asked.value.status)}` : "";
      return [askedNames[asked.case ?? "retry"], `${status} by ${by}${note === "" ? "" : `: ${note}`}`.trim()];
    }
    default:
      return ["?", "written by a newer version"];
  }
}

const kindNames: Readonly<Record<number, string>> = {
  [SagaStepKind.CALL]: "call",
  [SagaStepKind.WAIT]: "wait",
  [SagaStepKind.SLEEP]: "sleep",
  [SagaStepKind.CHILD]: "saga",
};

const askedNames = { cancel: "cancel", retry: "retry", resolve: "resolve", childEnded: "told" } as const;

function statusName(status: SagaStatus): string {
  return (SagaStatus[status] ?? "unknown").toLowerCase().replace("_", " ");
}
