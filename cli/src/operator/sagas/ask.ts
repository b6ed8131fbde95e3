// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { SagaService } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { OutputFormat } from "../../commands/output-option.ts";
import type { MeshChoice } from "../../state/find-mesh.ts";
import { show } from "../../terminal/show.ts";
import { meshClient } from "../mesh-client.ts";

/** Who asks for something, and why. */
export interface AskChoice extends MeshChoice {
  readonly by: string;
  readonly note: string;
  readonly output: OutputFormat;
}

/** Lets a saga go on. */
export async function retrySaga(sagaId: string, { by, note, ...choice }: AskChoice): Promise<void> {
  await meshClient(SagaService, choice).retrySaga({ sagaId, by, note });
  done(sagaId, "goes on", choice.output);
}

/** Ends a saga by hand. */
export async function resolveSaga(sagaId: string, { by, note, ...choice }: AskChoice): Promise<void> {
  await meshClient(SagaService, choice).resolveSaga({ sagaId, by, note });
  done(sagaId, "is resolved", choice.output);
}

/** Has a saga undo what it did. */
export async function cancelSaga(sagaId: string, { by, note, ...choice }: AskChoice): Promise<void> {
  await meshClient(SagaService, choice).cancelSaga({ sagaId, by, note });
  done(sagaId, "is canceled and undoes what it did", choice.output);
}

function done(sagaId: string, what: string, output: OutputFormat): void {
  show(output, { json: () => ({ sagaId }), table: () => [`${sagaId} ${what}`] });
}
