// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ReplayService } from "@parley/contracts/parley/mesh/v1/replay_pb.js";
import type { OutputFormat } from "../commands/output-option.ts";
import type { MeshChoice } from "../state/find-mesh.ts";
import { interruption } from "../terminal/interruption.ts";
import { followBulk } from "./bulk.ts";
import { meshClient } from "./mesh-client.ts";

/** What is replayed, and how. */
export interface ReplayChoice extends MeshChoice {
  readonly event?: string | undefined;
  readonly key?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly again: boolean;
  readonly rate: number;
  readonly name?: string | undefined;
  readonly dryRun: boolean;
  readonly output: OutputFormat;
}

/** Sends past events to one hearer. */
export async function replay(
  to: { readonly agent: string; readonly hearer: string },
  choice: ReplayChoice,
): Promise<void> {
  const { event = "", key = "", since, until, again, rate: perSecond, dryRun, output, name } = choice;
  const signal = interruption();
  const request = {
    ...{ ...to, event, key, again, perSecond, dryRun },
    ...(name === undefined ? {} : { replayId: name }),
    ...(since === undefined ? {} : { publishedFrom: timestampFromMs(since) }),
    ...(until === undefined ? {} : { publishedBefore: timestampFromMs(until) }),
  };
  const stream = meshClient(ReplayService, choice).replayEvents(request, { signal });
  await followBulk(progressOf(stream, again && name === undefined && !dryRun), {
    done: "replayed",
    dryRun,
    output,
    signal,
  });
}

/** @param tellsName says under which name it can be repeated, as soon as that is known */
async function* progressOf<Progress>(
  stream: AsyncIterable<{ readonly progress?: Progress; readonly replayId: string }>,
  tellsName: boolean,
): AsyncGenerator<Progress | undefined> {
  let told = !tellsName;
  for await (const { progress, replayId } of stream) {
    if (!told) process.stderr.write(`replay ${replayId}; --name ${replayId} sends the same ids again\n`);
    told = true;
    yield progress;
  }
}
