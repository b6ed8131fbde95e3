// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toJson } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type HearerState,
  ListStreamsResponseSchema,
  StreamService,
  type StreamState,
} from "@parley/contracts/parley/mesh/v1/stream_pb.js";
import type { OutputFormat } from "../commands/output-option.ts";
import type { MeshChoice } from "../state/find-mesh.ts";
import { duration } from "../terminal/duration.ts";
import { show } from "../terminal/show.ts";
import { tableLines } from "../terminal/table.ts";
import { meshClient } from "./mesh-client.ts";

interface Choice extends MeshChoice {
  readonly hearers: boolean;
  readonly output: OutputFormat;
}

/** Prints the streams of a mesh, and with `hearers` who is how far in each. */
export async function streams({ hearers, output, ...choice }: Choice): Promise<void> {
  const answer = await meshClient(StreamService, choice).listStreams({});
  const now = Date.now();
  show(output, {
    json: () => {
      const value = toJson(ListStreamsResponseSchema, answer);
      return typeof value === "object" && value !== null && "streams" in value ? value["streams"] : [];
    },
    table: ({ bold }) => {
      const places = answer.streams.flatMap((stream) => stream.hearers.map((hearer) => hearerRow(stream, hearer, now)));
      return [
        ...tableLines(
          [
            ["STREAM", "MESSAGES", "BYTES", "OF AT MOST", "OLDEST", "REPLICAS", "HEARERS"].map(bold),
            ...answer.streams.map((one) => row(one, now)),
          ],
          { right: [1, 2, 3, 4, 5, 6] },
        ),
        ...(hearers
          ? [
              "",
              ...tableLines(
                [["HEARER", "STREAM", "WAITING", "IN HAND", "OLDEST WAITS", "PULLS"].map(bold), ...places],
                { right: [2, 3, 4, 5] },
              ),
            ]
          : []),
      ];
    },
  });
}

function row(
  { name, messages, bytes, maxBytes, oldest, replicas, hearers }: StreamState,
  now: number,
): readonly string[] {
  const age = oldest === undefined ? "–" : duration(Math.max(0, now - timestampMs(oldest)));
  const room = maxBytes === 0n ? "–" : size(Number(maxBytes));
  return [name, String(messages), size(Number(bytes)), room, age, String(replicas), String(hearers.length)];
}

function hearerRow({ name: stream }: StreamState, hearer: HearerState, now: number): readonly string[] {
  const { name, undelivered, unsettled, oldestUndelivered, waitingPulls } = hearer;
  const age = oldestUndelivered === undefined ? "–" : duration(Math.max(0, now - timestampMs(oldestUndelivered)));
  return [name, stream, String(undelivered), String(unsettled), age, String(waitingPulls)];
}

/** Bytes for people: `512 B`, `1.5 MB`. */
function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** step).toFixed(1))} ${units[step]}`;
}
