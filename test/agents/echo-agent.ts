// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { defineAgent, type ErrorCode, MeshError, serve } from "@parley/mesh";
import {
  CountResponseSchema,
  EchoResponseSchema,
  EchoSaidSchema,
  EchoService,
  RelayService,
} from "../gen/parley/test/v1/echo_pb.js";

/** What a test can see and steer of the echo agent. */
export interface EchoState {
  /** Runs of Fail so far. */
  runs: number;
  /** Messages that handlers got, to look for shared references. */
  readonly seen: unknown[];
  /** Messages that handlers gave, to look for shared references. */
  readonly given: unknown[];
  /** Reasons with which handlers' signals aborted. */
  readonly aborted: unknown[];
  /** Narrow waits for it. */
  gate: Promise<void>;
  /** Runs of Narrow that have begun. */
  narrowed: number;
}

/** A fresh state. */
export function echoState(): EchoState {
  return { runs: 0, seen: [], given: [], aborted: [], gate: Promise.resolve(), narrowed: 0 };
}

/** The agent that answers as it is told to. */
export function echoAgent(state: EchoState = echoState()) {
  return defineAgent({
    name: "test.echo",
    serves: [
      serve(EchoService, {
        async echo(request, { header, signal }) {
          state.seen.push(request);
          const waitMs = request.wait === undefined ? 0 : durationMs(request.wait);
          signal.addEventListener("abort", () => state.aborted.push(signal.reason), { once: true });
          if (waitMs > 0) await wait(waitMs, undefined, request.stubborn ? {} : { signal });
          const response = create(EchoResponseSchema, {
            text: request.text,
            correlationId: header.correlationId,
            conversationId: header.conversationId ?? "",
            source: header.sourceAgentId,
            hops: header.hops,
          });
          state.given.push(response);
          return response;
        },
        async *count({ count, text, failAfter }) {
          for (let number = 1; number <= count; number++) {
            const response = create(CountResponseSchema, { number, text });
            state.given.push(response);
            yield response;
            if (number === failAfter) throw new MeshError({ code: "REFUSED", message: `no more than ${failAfter}` });
          }
        },
        fail({ code, times }) {
          state.runs++;
          if (code === "throw") throw new TypeError("a defect");
          if (code !== "" && (times === 0 || state.runs <= times)) throw told(code);
          return { runs: state.runs };
        },
        failOnce({ code }) {
          state.runs++;
          if (code !== "") throw told(code);
          return {};
        },
        secret: () => ({}),
        async say({ key, text }, ctx) {
          await ctx.publish(EchoSaidSchema, { key, text });
          return {};
        },
        fragile({ code }) {
          state.runs++;
          if (code !== "") throw told(code);
          return {};
        },
        async narrow() {
          state.narrowed++;
          await state.gate;
          return {};
        },
      }),
    ],
  });
}

/** The agent that calls the echo on. */
export const relayAgent = defineAgent({
  name: "test.relay",
  permissions: ["TEST_ONLY"],
  serves: [
    serve(RelayService, {
      async relay({ text, wait: delay }, ctx) {
        const echo = await ctx.client(EchoService).echo({ text, ...(delay === undefined ? {} : { wait: delay }) });
        return { echo };
      },
    }),
  ],
});

function told(code: string): MeshError {
  return new MeshError({
    code: code as ErrorCode,
    message: `told to fail with "${code}"`,
    userMessage: "Sorry.",
    retryAfterMs: 2_000,
    violations: [{ field: "code", rule: "test", message: "as told" }],
  });
}
