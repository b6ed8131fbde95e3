// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Observation } from "@parley/mesh";
import type { DemoTerminal } from "./demo.ts";

/** What the user said, and all that came of it until they spoke again. */
export interface Turn {
  /** Real milliseconds since the epoch. */
  readonly startedAt: number;
  readonly sentence: string | undefined;
  /** Who said it; unset: as the first call says. */
  readonly speaker?: string | undefined;
  /** Who answered; unset: as the first call says. */
  readonly answerer?: string | undefined;
  /** What was said and heard in the mesh up to the answer, in the order in which it began. */
  readonly before: readonly Observation[];
  readonly answer: string | undefined;
  readonly after: readonly Observation[];
}

interface OpenTurn {
  readonly startedAt: number;
  readonly sentence: string | undefined;
  readonly speaker: string | undefined;
  answerer?: string | undefined;
  answer?: { readonly at: number; readonly text: string; readonly flows: ReadonlySet<string> };
}

/**
 * Everything that was said and heard during a demo. A turn owns the calls that ended during it and began a flow, and
 * whatever belongs to those flows, however late it comes in. So the order is right although clocks tell only milliseconds.
 */
export class Conversation implements DemoTerminal {
  readonly #turns: OpenTurn[] = [];
  readonly #observed: Observation[] = [];
  readonly #turnOfFlow = new Map<string, OpenTurn>();

  says(who: "user" | "agent", sentence: string, name?: string): void {
    const current = this.#turns.at(-1);
    if (who === "user" || current === undefined || current.answer !== undefined) this.#open(who, sentence, name);
    else {
      current.answer = this.#answer(current, sentence);
      current.answerer = name;
    }
  }

  observe(observation: Observation): void {
    this.#observed.push(observation);
    const { kind, header } = observation;
    const current = this.#turns.at(-1);
    if (kind === "called" && header.hops === 0 && current !== undefined) {
      this.#turnOfFlow.set(header.correlationId, current);
    }
  }

  /** All of it. What belongs to no turn, such as calls from before the first sentence, is left out. */
  turns(): readonly Turn[] {
    const all = [...this.#observed].sort((a, b) => a.at - b.at || rank(a) - rank(b));
    return this.#turns.map((turn) => {
      const { startedAt, sentence, speaker, answerer, answer } = turn;
      const own = all.filter(({ header }) => this.#turnOfFlow.get(header.correlationId) === turn);
      const isBefore = ({ at, header }: Observation) =>
        answer === undefined || (at <= answer.at && answer.flows.has(header.correlationId));
      return {
        startedAt,
        sentence,
        speaker,
        answerer,
        before: own.filter(isBefore),
        answer: answer?.text,
        after: own.filter((observation) => !isBefore(observation)),
      };
    });
  }

  #open(who: "user" | "agent", sentence: string, name: string | undefined): void {
    const startedAt = Date.now();
    if (who === "user") this.#turns.push({ startedAt, sentence, speaker: name });
    else {
      const turn: OpenTurn = { startedAt, sentence: undefined, speaker: undefined, answerer: name };
      this.#turns.push({ ...turn, answer: this.#answer(turn, sentence) });
    }
  }

  #answer(turn: OpenTurn, text: string) {
    const flows = [...this.#turnOfFlow].flatMap(([flow, owner]) => (owner === turn ? [flow] : []));
    return { at: Date.now(), text, flows: new Set(flows) };
  }
}

/** Within a millisecond: cause before effect. */
function rank({ kind, header }: Observation): number {
  return 2 * header.hops + (kind === "heard" || kind === "ran" ? 1 : 0);
}
