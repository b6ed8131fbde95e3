// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Agent, type AgentInit, type Context, defineAgent, fallback, on, serve } from "@parley/mesh";
import {
  CallAskedSchema,
  ChannelService,
  EmailAskedSchema,
  GuardedAskedSchema,
  QuickAskedSchema,
  SmsAskedSchema,
  SyncAskedSchema,
} from "../gen/parley/test/v1/channel_pb.js";

/** Who cannot be called gets a text message. */
export const phoneToSms = fallback(ChannelService.method.makeCall, ChannelService.method.sendSms, {
  request: ({ key }) => ({ key }),
  reply: ({ done }) => ({ done: `${done} instead` }),
});

/** One run of a handler, of a method or of a hearer. */
export interface ChannelRun {
  readonly method: string;
  readonly key: string;
  readonly attempt: number;
  readonly messageId: string;
  /** Contract time. */
  readonly at: number;
}

type Behaviour = (ctx: Context, run: ChannelRun) => Promise<unknown> | unknown;

/** Does with each request, event or command, what a test wants for its key, and remembers every run. */
export class Channel {
  readonly runs: ChannelRun[] = [];
  /** Handlers of one method at once, at most. */
  most = 0;
  #now = 0;
  readonly #behaviours = new Map<string, Behaviour>();

  behave(key: string, behaviour: Behaviour): void {
    this.#behaviours.set(key, behaviour);
  }

  /** Runs for a key so far. */
  runsOf(key: string): readonly ChannelRun[] {
    return this.runs.filter((run) => run.key === key);
  }

  /** Contract time between the runs for a key. */
  gaps(key: string): readonly number[] {
    const at = this.runsOf(key).map((run) => run.at);
    return at.slice(1).map((time, index) => time - (at[index] ?? 0));
  }

  agent(more: Partial<AgentInit> = {}): Agent {
    const method = (name: string) => async (request: { readonly key: string }, ctx: Context) => {
      await this.#run(name, request.key, ctx);
      return { done: `${name} ${request.key}` };
    };
    const hearer = (name: string) => (event: { readonly key: string }, ctx: Context) => this.#run(name, event.key, ctx);
    return defineAgent({
      name: "test.channel",
      serves: [
        serve(ChannelService, {
          sendEmail: method("sendEmail"),
          makeCall: method("makeCall"),
          sendSms: method("sendSms"),
          sync: method("sync"),
          quick: method("quick"),
          guarded: method("guarded"),
        }),
      ],
      hears: [
        on(EmailAskedSchema, { name: "email" }, hearer("email")),
        on(CallAskedSchema, { name: "call" }, hearer("call")),
        on(SmsAskedSchema, { name: "sms" }, hearer("sms")),
        on(SyncAskedSchema, { name: "synced" }, hearer("synced")),
        on(QuickAskedSchema, { name: "soon" }, hearer("soon")),
        on(GuardedAskedSchema, { name: "guard" }, hearer("guard")),
      ],
      fallbacks: [phoneToSms],
      ...more,
    });
  }

  async #run(method: string, key: string, ctx: Context): Promise<void> {
    const { attempt, messageId } = ctx.header;
    const run = { method, key, attempt, messageId, at: ctx.clock.now() };
    this.runs.push(run);
    this.most = Math.max(this.most, ++this.#now);
    try {
      await this.#behaviours.get(key)?.(ctx, run);
    } finally {
      this.#now--;
    }
  }
}
