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
import { duration } from "../terminal/duration.ts";
import { listLines } from "../terminal/list.ts";
import { show } from "../terminal/show.ts";
import { meshClient } from "./mesh-client.ts";
import type { OperatorChoice } from "./operator-choice.ts";

interface Choice extends OperatorChoice {
  readonly hearers: boolean;
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
    table: (style) => [
      ...listLines({ ...streamList, rows: answer.streams.map((one) => row(one, now)) }, style),
      ...(hearers
        ? [
            "",
            ...listLines(
              {
                ...hearerList,
                rows: answer.streams.flatMap((one) => one.hearers.map((hearer) => hearerRow(one, hearer, now))),
              },
              style,
            ),
          ]
        : []),
    ],
  });
}

const streamList = {
  head: ["STREAM", "MESSAGES", "BYTES", "OF AT MOST", "OLDEST", "REPLICAS", "HEARERS"],
  right: [1, 2, 3, 4, 5, 6],
  none: "no streams",
};

const hearerList = {
  head: ["AGENT", "HEARER", "PART", "STREAM", "WAITING", "IN HAND", "OLDEST WAITS", "PULLS"],
  right: [4, 5, 6, 7],
  none: "nobody hears anything",
};

function row(
  { name, messages, bytes, maxBytes, oldest, replicas, hearers }: StreamState,
  now: number,
): readonly string[] {
  const age = oldest === undefined ? "–" : duration(Math.max(0, now - timestampMs(oldest)));
  const room = maxBytes === 0n ? "–" : size(Number(maxBytes));
  return [name, String(messages), size(Number(bytes)), room, age, String(replicas), String(hearers.length)];
}

function hearerRow({ name: stream }: StreamState, hearer: HearerState, now: number): readonly string[] {
  const { agent, hearer: heard, part, undelivered, unsettled, oldestUndelivered, waitingPulls } = hearer;
  // Of a method its service and name: the package is the agent's.
  const short = heard.includes("/") ? heard.slice(heard.lastIndexOf(".") + 1) : heard;
  const age = oldestUndelivered === undefined ? "–" : duration(Math.max(0, now - timestampMs(oldestUndelivered)));
  return [agent, short, part, stream, String(undelivered), String(unsettled), age, String(waitingPulls)];
}

/** Bytes for people: `512 B`, `1.5 MB`. */
function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** step).toFixed(1))} ${units[step]}`;
}
