// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type DeadLetterDecision, DeadLetterDecisionSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import type { Appender } from "../../broker/appender.ts";
import type { Broker } from "../../broker/connection.ts";
import { readLast } from "../../broker/journal-stream.ts";
import { domainOfJournal } from "../../broker/read-subject.ts";
import { streamNames } from "../../broker/stream-names.ts";
import { forwards } from "../../broker/stream-scan.ts";
import type { Subjects } from "../../broker/subjects.ts";
import type { Clock } from "../../clock.ts";
import { letterHeader } from "../../delivery/letter-header.ts";
import { newId } from "../../ids.ts";
import { MeshError } from "../../mesh-error.ts";
import type { Letter } from "./letter.ts";

/** What decisions are kept with. */
export interface DecisionsInit {
  readonly broker: Broker;
  readonly appender: Appender;
  readonly subjects: Subjects;
  readonly clock: Clock;
}

/** Milliseconds after which a decision that was not carried out is taken to be left by a process that died. */
const leftAfterMs = 60_000;

/** What is decided. */
export type Decision = Exclude<MessageInitShape<typeof DeadLetterDecisionSchema>["decision"], undefined>;

/**
 * What operators decided about letters, in AUDIT, for good. One letter has one decision: of two operators at once the first
 * one's counts, and whoever decides the same again, after a crash or by mistake, may go on with it.
 */
export class Decisions {
  readonly #init: DecisionsInit;

  constructor(init: DecisionsInit) {
    this.#init = init;
  }

  /**
   * Keeps a decision, before it is carried out. One that nobody carried out within a minute, because its operator crashed, gives
   * way to another.
   *
   * @returns whether it was taken before and what it says was sent; then there is only the letter to remove
   * @throws MeshError CONFLICT when another one was taken
   */
  async take(letter: Letter, author: string, decision: Decision): Promise<boolean> {
    const decided = this.#made(letter, author, decision);
    for (let lastSequence = 0; ; ) {
      try {
        await this.#keep(decided, lastSequence);
        return false;
      } catch (thrown) {
        if (MeshError.from(thrown).code !== "CONFLICT") throw thrown;
        const before = await this.#of(decided.id);
        if (before === undefined || before.sequence === lastSequence) throw thrown;
        const isDone = await this.#isCarriedOut(before.decision);
        if (keyOf(before.decision.decision) === keyOf(decided.decision)) return isDone;
        const isLeft = !isDone && timeOf(before.decision) + leftAfterMs <= this.#init.clock.now();
        if (!isLeft) throw decidedBefore(before.decision);
        lastSequence = before.sequence;
      }
    }
  }

  #made({ content }: Letter, author: string, decision: Decision): DeadLetterDecision {
    const { id, agent, hearer, type, diedAt } = content;
    return create(DeadLetterDecisionSchema, {
      ...{ id, agent, hearer, type, author, decision },
      ...(diedAt === undefined ? {} : { diedAt }),
      messageId: content.header?.messageId ?? "",
      code: content.error?.code ?? "",
      decidedAt: timestampFromMs(this.#init.clock.now()),
    });
  }

  async #keep(decided: DeadLetterDecision, lastSequence: number): Promise<void> {
    const { appender, subjects } = this.#init;
    const subject = subjects.letterDecision(decided.id);
    const payload = toBinary(DeadLetterDecisionSchema, decided);
    await appender.append({
      ...{ subject, payload, headers: new Map(), id: newId() },
      expect: { filter: subject, lastSequence },
    });
  }

  /** Whether the message of a redrive is stored. It may have been compacted away since; then its hearer knows it by its id. */
  async #isCarriedOut({ id, decision }: DeadLetterDecision): Promise<boolean> {
    if (decision.case !== "redriven") return false;
    const { broker, subjects } = this.#init;
    const { subject: filter } = decision.value;
    const stream = streamNames(subjects.namespace).journal(domainOfJournal(filter));
    for await (const { headers } of forwards(broker, { stream, filter })) {
      if (headers.get(letterHeader) === id) return true;
    }
    return false;
  }

  async #of(id: string): Promise<{ decision: DeadLetterDecision; sequence: number } | undefined> {
    const { broker, subjects } = this.#init;
    const { audit } = streamNames(subjects.namespace);
    const found = await readLast(broker, audit, { of: subjects.letterDecision(id), certain: true });
    if (found === undefined) return undefined;
    return { decision: fromBinary(DeadLetterDecisionSchema, found.payload), sequence: found.sequence };
  }
}

function timeOf({ decidedAt }: DeadLetterDecision): number {
  return decidedAt === undefined ? 0 : timestampMs(decidedAt);
}

/** What makes two decisions the same; the reason of a discard does not count. */
function keyOf(decision: DeadLetterDecision["decision"]): string {
  return decision.case === "redriven" ? `redriven ${decision.value.messageId}` : String(decision.case);
}

function decidedBefore({ id, author, decidedAt, decision }: DeadLetterDecision): MeshError {
  const at = new Date(decidedAt === undefined ? 0 : timestampMs(decidedAt)).toISOString();
  const what =
    decision.case === "redriven"
      ? `redriven as message "${decision.value.messageId}"`
      : `discarded${decision.value?.reason ? `: ${decision.value.reason}` : ""}`;
  const message = `letter "${id}" was decided about by "${author}" at ${at}: ${what}; if it is still there, do the same once more to finish that, or wait a minute`;
  return new MeshError({ code: "CONFLICT", message });
}
