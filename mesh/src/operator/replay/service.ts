// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ReplayEventsRequest, ReplayService } from "@parley/contracts/parley/mesh/v1/replay_pb.js";
import { type Served, serve } from "../../agent/serve.ts";
import { type Appender, brokerAppender } from "../../broker/appender.ts";
import { keyOfToken } from "../../broker/key-token.ts";
import type { NewMessage } from "../../broker/new-message.ts";
import type { StoredEntry } from "../../broker/stored-entry.ts";
import { Subjects } from "../../broker/subjects.ts";
import type { MessageHeader } from "../../header.ts";
import { readHeader } from "../../header-codec.ts";
import { derivedId, newId } from "../../ids.ts";
import { MeshError } from "../../mesh-error.ts";
import { inBulk } from "../bulk.ts";
import type { LetterDesk } from "../letters/service.ts";
import { resentMessage } from "../resent-message.ts";
import { replayedEvents } from "./replayed-events.ts";

/** Events in a second, when nobody says otherwise. */
const defaultPerSecond = 100;

/** Serves ReplayService. */
export function replayService(attached: () => Promise<LetterDesk>): Served {
  return serve(ReplayService, {
    async *replayEvents(request, { signal }) {
      const { host, contracts } = await attached();
      const { broker, namespace, clock } = host;
      const { contract, entries, covers } = await replayedEvents(request, host, contracts);
      const replayId = request.replayId || newId();
      const subjects = new Subjects(namespace);
      const appender: Appender = brokerAppender(broker);
      const work = async (entry: StoredEntry) => {
        const { domain } = contract;
        const message = replayed(entry, { request, replayId, subjects, domain, now: clock.now() });
        if (!request.dryRun) await appender.append(message);
      };
      const bulk = {
        ...{ things: entries, work, clock, signal },
        // What cannot be read is told as a problem, whatever its time.
        isMeant: (entry: StoredEntry) => covers(headerOf(entry)?.timestamp ?? entry.storedAt),
        idOf: ({ headers, sequence }: StoredEntry) => headers.get("ce-id") ?? `EVENTS ${sequence}`,
        perSecond: request.dryRun ? undefined : request.perSecond || defaultPerSecond,
      };
      for await (const progress of inBulk(bulk)) yield { progress, replayId };
    },
  });
}

interface Replaying {
  readonly request: ReplayEventsRequest;
  readonly replayId: string;
  readonly subjects: Subjects;
  readonly domain: string;
  readonly now: number;
}

function replayed(entry: StoredEntry, { request, replayId, subjects, domain, now }: Replaying): NewMessage {
  const { headers, payload, subject, sequence } = entry;
  const { agent, hearer, again } = request;
  const oldId = readHeader((name) => headers.get(name))?.messageId;
  if (oldId === undefined) {
    const message = `message ${sequence} of EVENTS has no ce-id header, so no hearer could read it`;
    throw new MeshError({ code: "UNDECODABLE", message });
  }
  const newOne = derivedId("replayed", replayId, oldId);
  const added = new Map([["parley-replay", replayId]]);
  if (again) added.set("ce-id", newOne).set("ce-replayof", oldId);
  return resentMessage(subjects, {
    to: { kind: "event", agent, hearer, domain },
    ...{ headers, payload, added, now },
    key: keyOfToken(subject.split(".").at(-1) ?? ""),
    messageId: again ? newOne : oldId,
    stoodOn: subject,
    sending: ["replay", replayId, agent, hearer, sequence],
  });
}

function headerOf({ headers, storedAt }: StoredEntry): MessageHeader | undefined {
  try {
    return readHeader((name) => headers.get(name), storedAt);
  } catch {
    return undefined;
  }
}
