// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toJson } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { MessageHeaderSchema } from "@parley/contracts/parley/mesh/v1/header_pb.js";
import { OperatorService, type TailEventsResponse } from "@parley/contracts/parley/mesh/v1/operator_pb.js";
import type { MeshChoice } from "../state/find-mesh.ts";
import { interruption } from "../terminal/interruption.ts";
import { type Style, styleFor } from "../terminal/style.ts";
import { meshClient } from "./mesh-client.ts";

/** How events are shown. */
export interface TailChoice extends MeshChoice {
  readonly output: "text" | "json";
}

/** Prints events as they are published, until the process is interrupted or the mesh ends. */
export async function tail(events: readonly string[], choice: TailChoice): Promise<void> {
  const style = styleFor(process.stdout);
  const signal = interruption();
  const stream = meshClient(OperatorService, choice).tailEvents({ events: [...events] }, { signal });
  try {
    for await (const event of stream) {
      process.stdout.write(`${choice.output === "json" ? jsonLine(event) : textLine(event, style)}\n`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Time, name, who published it, conversation, content. */
function textLine({ header, json, problem }: TailEventsResponse, { bold, dim, red }: Style): string {
  const time = header?.timestamp === undefined ? "" : timestampDate(header.timestamp).toISOString().slice(11, 23);
  const conversation = header?.conversationId ? dim(` in ${header.conversationId}`) : "";
  const content = problem === "" ? JSON.stringify(JSON.parse(json)) : red(problem);
  return `${dim(time)}  ${bold(header?.name ?? "?")}  ${header?.sourceAgentId ?? "?"}${conversation}  ${content}`;
}

function jsonLine({ header, json, problem }: TailEventsResponse): string {
  return JSON.stringify({
    header: header === undefined ? {} : toJson(MessageHeaderSchema, header),
    ...(problem === "" ? { event: JSON.parse(json) } : { problem }),
  });
}
