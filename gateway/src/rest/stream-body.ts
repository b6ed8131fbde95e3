// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Writable } from "node:stream";
import type { JsonValue } from "@bufbuild/protobuf";
import type { StreamFormat } from "./media.ts";
import type { Problem } from "./problem.ts";

/** Milliseconds that a client may take nothing before it is cut off. */
const slowClientMs = 30_000;
/** Milliseconds of silence after which an event stream says that it is alive: proxies cut off what is quiet. */
const keepAliveMs = 15_000;

/** What stands on the wire for each part of a stream. */
interface Writing {
  readonly message: (json: JsonValue) => string;
  readonly problem: (problem: Problem) => string;
  readonly end: string;
  readonly keepAlive: string;
}

/**
 * Server-sent events: messages without a name, so that `onmessage` of a page gets them; then one event `end`, or `problem`.
 * NDJSON: every line is `{"result": …}`, the last one of a stream that failed `{"problem": …}`.
 */
const writings: Readonly<Record<StreamFormat, Writing>> = {
  sse: {
    message: (json) => `data: ${JSON.stringify(json)}\n\n`,
    problem: (problem) => `event: problem\ndata: ${JSON.stringify(problem)}\n\n`,
    end: "event: end\ndata: {}\n\n",
    keepAlive: ": \n\n",
  },
  ndjson: {
    message: (json) => `{"result":${JSON.stringify(json)}}\n`,
    problem: (problem) => `{"problem":${JSON.stringify(problem)}}\n`,
    end: "",
    keepAlive: "",
  },
};

/** The body of a streamed answer: one part after the other, no faster than the client takes them. */
export class StreamBody implements Disposable {
  readonly #response: Writable;
  readonly #writing: Writing;
  readonly #timer: NodeJS.Timeout;

  constructor(response: Writable, format: StreamFormat) {
    this.#response = response;
    this.#writing = writings[format];
    this.#timer = setInterval(() => {
      if (this.#writing.keepAlive !== "" && !response.writableNeedDrain) response.write(this.#writing.keepAlive);
    }, keepAliveMs).unref();
  }

  /** Resolves when there is room for the next one; a client that takes nothing for half a minute is cut off. */
  async message(json: JsonValue): Promise<void> {
    const response = this.#response;
    this.#timer.refresh();
    if (response.write(this.#writing.message(json))) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        response.off("drain", done).off("close", done);
        resolve();
      };
      const timer = setTimeout(() => response.destroy(), slowClientMs).unref();
      response.on("drain", done).on("close", done);
    });
  }

  end(): void {
    this.#response.end(this.#writing.end);
  }

  fail(problem: Problem): void {
    this.#response.end(this.#writing.problem(problem));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
