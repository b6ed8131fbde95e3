// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { OperatorService } from "@parley/contracts/parley/mesh/v1/operator_pb.js";
import { jsonText, jsonValue } from "../commands/json-argument.ts";
import type { MeshChoice } from "../state/find-mesh.ts";
import { meshClient } from "./mesh-client.ts";

/** How an event is published. */
export interface PublishChoice extends MeshChoice {
  readonly conversation?: string | undefined;
}

/** Publishes an event by hand and prints its name and id. */
export async function publish(event: string, json: string, choice: PublishChoice): Promise<void> {
  const text = jsonText(json);
  // The mesh would refuse it too, but cannot know about quotes and shells.
  jsonValue(text);
  const { header } = await meshClient(OperatorService, choice).publishEvent({
    event,
    json: text,
    conversationId: choice.conversation ?? "",
  });
  process.stdout.write(`${header?.name} ${header?.messageId}\n`);
}
