// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MessageInitShape } from "@bufbuild/protobuf";
import { DeadLetterService, type DeadLetterSummarySchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import type { Host } from "../../agent/host-options.ts";
import { type Served, serve } from "../../agent/serve.ts";
import { brokerAppender } from "../../broker/appender.ts";
import { Subjects } from "../../broker/subjects.ts";
import { pageToken, readPageToken } from "../../page-token.ts";
import { inBulk } from "../bulk.ts";
import type { MeshContracts } from "../mesh-contracts.ts";
import { Decisions } from "./decisions.ts";
import type { Letter } from "./letter.ts";
import { assertMeant, letterFilter } from "./letter-filter.ts";
import { letterView } from "./letter-view.ts";
import { Letters } from "./letters.ts";
import { Redrive } from "./redrive.ts";

/** Letters on a page, and letters redriven in a second, when nobody says otherwise. */
const defaults = { pageSize: 100, perSecond: 50 } as const;
/** Letters that are looked through for one page. */
const maxSeen = 5_000;
/** Characters of an error's text on a line of a list. */
const maxText = 500;

/** What the operator works with. */
export interface LetterDesk {
  readonly host: Host;
  readonly contracts: MeshContracts;
}

/** Serves DeadLetterService. */
export function deadLetterService(attached: () => Promise<LetterDesk>): Served {
  const open = async () => {
    const { host, contracts } = await attached();
    const { broker, namespace, clock } = host;
    const letters = new Letters(broker, namespace);
    const subjects = new Subjects(namespace);
    const decisions = new Decisions({ broker, appender: brokerAppender(broker), subjects, clock });
    return { host, contracts, letters, decisions };
  };
  return serve(DeadLetterService, {
    async listDeadLetters(request) {
      const { contracts, letters } = await open();
      const filter = letterFilter(request.filter, await contracts.all());
      const pageSize = request.pageSize || defaults.pageSize;
      const deadLetters: MessageInitShape<typeof DeadLetterSummarySchema>[] = [];
      const [below] = readPageToken(request.pageToken, { below: 1 })?.at ?? [];
      let seen = 0;
      for await (const letter of letters.newest(filter, below)) {
        seen++;
        if (filter.covers(letter)) deadLetters.push(summary(letter));
        if (deadLetters.length < pageSize && seen < maxSeen) continue;
        return { deadLetters, nextPageToken: pageToken({ part: "below", at: [letter.sequence] }) };
      }
      return { deadLetters, nextPageToken: "" };
    },
    async getDeadLetter({ id }) {
      const { host, contracts, letters } = await open();
      return letterView(await letters.find(id), host, contracts);
    },
    async redriveDeadLetter({ id, json, force, dryRun, author }, { header }) {
      const desk = await open();
      const letter = await desk.letters.find(id);
      const order = { json: json || undefined, force, dryRun, author: author || header.sourceAgentId };
      const { messageId, subject } = await new Redrive(desk).run(letter, order);
      return { messageId, subject };
    },
    async *redriveDeadLetters(request, { header, signal }) {
      const desk = await open();
      const { contracts, letters, host } = desk;
      const filter = letterFilter(request.filter, await contracts.all());
      assertMeant(filter, request.all);
      const { force, dryRun, author } = request;
      const order = { force, dryRun, author: author || header.sourceAgentId };
      const redrive = new Redrive(desk);
      const work = async (letter: Letter) => void (await redrive.run(letter, order));
      // What only looks harms nobody.
      const perSecond = dryRun ? undefined : request.perSecond || defaults.perSecond;
      const bulk = { ...meant(filter), things: letters.oldest(filter), work, perSecond, clock: host.clock, signal };
      for await (const progress of inBulk(bulk)) yield { progress };
    },
    async *discardDeadLetters(request, { header, signal }) {
      const { contracts, letters, decisions, host } = await open();
      const filter = letterFilter(request.filter, await contracts.all());
      assertMeant(filter, request.all);
      const author = request.author || header.sourceAgentId;
      const work = async (letter: Letter) => {
        if (request.dryRun) return;
        await decisions.take(letter, author, { case: "discarded", value: { reason: request.reason } });
        await letters.remove(letter);
      };
      const bulk = { ...meant(filter), things: letters.oldest(filter), work, clock: host.clock, signal };
      for await (const progress of inBulk(bulk)) yield { progress };
    },
  });
}

function meant(filter: { readonly covers: (letter: Letter) => boolean }) {
  return { isMeant: (letter: Letter) => filter.covers(letter), idOf: ({ content }: Letter) => content.id };
}

function summary({ content, key }: Letter): MessageInitShape<typeof DeadLetterSummarySchema> {
  const { id, agent, hearer, type, header, error, attempts, diedAt } = content;
  return {
    ...{ id, agent, hearer, type, key },
    messageId: header?.messageId ?? "",
    ...(error === undefined ? {} : { error: { ...error, message: error.message.slice(0, maxText), violations: [] } }),
    attempts: Math.max(attempts.length, header?.attempt ?? 0),
    ...(diedAt === undefined ? {} : { diedAt }),
  };
}
