// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Message } from "@bufbuild/protobuf";
import { type Agent, type AgentInit, type Context, defineAgent, type MessageHeader, on } from "@parley/mesh";
import { EchoRepeatedSchema, type EchoSaid, EchoSaidSchema } from "../gen/parley/test/v1/echo_pb.js";

/** One run of a handler. */
export interface Run {
  readonly agent: string;
  /** Which of several hosts; as {@link Listener.agent} was told. */
  readonly where: string;
  readonly key: string;
  readonly header: MessageHeader;
  /** Contract time. */
  readonly at: number;
}

/** What a handler does with events of one key. */
export type Behaviour = (event: Message & { readonly key: string }, ctx: Context) => Promise<void> | void;

/** Agents that hear what is said, do with each key what a test wants, and remember every run. */
export class Listener {
  readonly runs: Run[] = [];
  readonly #behaviours = new Map<string, Behaviour>();

  /** What happens with events of a key; others just come and go. Given the text of the key, so tests share a mesh. */
  behave(key: string, behaviour: Behaviour): void {
    this.#behaviours.set(key, behaviour);
  }

  /** Runs with one key so far. */
  runsOf(key: string): readonly Run[] {
    return this.runs.filter((run) => run.key === key);
  }

  /** The handler itself, for hearers of other events than EchoSaid. */
  handler(where = "") {
    return async (event: Message & { readonly key: string }, ctx: Context): Promise<void> => {
      this.runs.push({ agent: ctx.agent, where, key: event.key, header: ctx.header, at: ctx.clock.now() });
      await this.#behaviours.get(event.key)?.(event, ctx);
    };
  }

  /** An agent that hears EchoSaid. */
  agent(name: string, init: Partial<AgentInit> & { readonly where?: string } = {}): Agent {
    const { where, ...rest } = init;
    const handle = this.handler(where);
    return defineAgent({
      name,
      hears: [on(EchoSaidSchema, { name: "listen" }, (event: EchoSaid, ctx) => handle(event, ctx))],
      publishes: [EchoRepeatedSchema],
      ...rest,
    });
  }
}
