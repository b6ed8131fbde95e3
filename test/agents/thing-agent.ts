// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent, type ErrorCode, errorCodes, MeshError, type MessageHeader, serve } from "@parley/mesh";
import { type Thing, ThingService } from "../gen/parley/test/v1/thing_pb.js";

/** What a test can see and steer of the thing agent. */
export interface ThingState {
  /** Headers of the calls that came. */
  readonly headers: MessageHeader[];
  /** Idempotency keys as handlers saw them. */
  readonly keys: string[];
  /** Create waits for it, and Watch before each message. */
  gate: Promise<void>;
  /** Runs of Create that have begun. */
  begun: number;
  /** Messages that Watch has given. */
  given: number;
  /** Watches that have ended, however. */
  ended: number;
}

/** A fresh state. */
export function thingState(): ThingState {
  return { headers: [], keys: [], gate: Promise.resolve(), begun: 0, given: 0, ended: 0 };
}

/** The agent that gives back what it got. */
export function thingAgent(state: ThingState = thingState()) {
  const same = (thing: Thing, { header, idempotencyKey }: { header: MessageHeader; idempotencyKey: string }) => {
    state.headers.push(header);
    state.keys.push(idempotencyKey);
    return thing;
  };
  return defineAgent({
    name: "test.thing",
    serves: [
      serve(ThingService, {
        get: same,
        find: ({ many }) => ({ things: many }),
        newest: same,
        async create(thing, ctx) {
          state.begun++;
          await state.gate;
          return same(thing, ctx);
        },
        update: same,
        setWords: same,
        setSmall: same,
        delete: () => ({}),
        archive: same,
        getFile: same,
        getTyped: same,
        report: same,
        hide: same,
        putFile: same,
        openFile: ({ text, maybe }) => ({
          file: { contentType: maybe ?? "text/html", data: new TextEncoder().encode(text) },
        }),
        async *watch(thing) {
          try {
            for (let number = 1; number <= thing.small; number++) {
              await state.gate;
              state.given = number;
              yield { text: thing.text, small: number };
            }
            if (isCode(thing.text)) throw told(thing.text);
          } finally {
            state.ended++;
          }
        },
        fail({ text }) {
          throw isCode(text) ? told(text) : new TypeError("a defect");
        },
      }),
    ],
  });
}

function isCode(text: string): text is ErrorCode {
  return text in errorCodes;
}

function told(code: ErrorCode): MeshError {
  return new MeshError({
    code,
    message: `told to fail with "${code}"`,
    userMessage: "Sorry.",
    retryAfterMs: 1_500,
    violations: [{ field: "text", rule: "test", message: "as told" }],
  });
}
