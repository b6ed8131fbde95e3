// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { DeadLetterSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import type { Appender } from "../broker/appender.ts";
import { type PulledMessage, placeOf } from "../broker/pulled-message.ts";
import type { Subjects } from "../broker/subjects.ts";
import { crashPoint } from "../crash-point.ts";
import { errorDetail } from "../error-detail.ts";
import type { MessageHeader } from "../header.ts";
import { derivedId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import { wireHeader } from "../wire-header.ts";
import type { Hearing } from "./hearing.ts";
import type { FailedAttempt } from "./past-attempts.ts";

/** A message that is given up. */
export interface Burial {
  readonly hearing: Hearing;
  readonly pulled: PulledMessage;
  /** Unset when the header itself cannot be read. */
  readonly header: MessageHeader | undefined;
  readonly attempts: readonly FailedAttempt[];
  readonly error: MeshError;
  readonly diedAt: number;
  /** Headers and payload are not in it; they stand in the stream alone. */
  readonly contentLeftOut?: boolean | undefined;
}

/** Another method's command took the place of a message that failed. */
export interface FellBack {
  /** `package.Service/Method`. */
  readonly method: string;
  /** Message id of its command. */
  readonly id: string;
}

/** Where messages end that failed for good. */
export interface Graveyard {
  /** Resolves when the message may be forgotten where it was; gives what took its place, when that is no letter. */
  bury(burial: Burial): Promise<FellBack | undefined>;
}

/** What a graveyard is made of. */
export interface DeadLettersInit {
  readonly appender: Appender;
  readonly subjects: Subjects;
  readonly contractDigest: string;
}

/** Keeps what could not be handled, with its cause. */
export class DeadLetters implements Graveyard {
  readonly #init: DeadLettersInit;

  constructor(init: DeadLettersInit) {
    this.#init = init;
  }

  /**
   * Stores the letter. Its id follows from the place of the message and its hearer, so burying the same message again, after a crash
   * between storing and terminating it, stores nothing twice. A message that leaves no room for its own letter is left out
   * of it: the letter says where it stands.
   */
  async bury(burial: Burial): Promise<undefined> {
    try {
      await this.#store(burial).catch((thrown: unknown) => {
        if (MeshError.from(thrown).code !== "TOO_LARGE") throw thrown;
        return this.#store(withoutContent(burial));
      });
    } catch (thrown) {
      // Another process buried the same message, with its own times.
      if (MeshError.from(thrown).code !== "MESSAGE_ID_REUSED") throw thrown;
    }
  }

  async #store(burial: Burial): Promise<void> {
    const { hearing, pulled, attempts, error } = burial;
    const { agent, handler } = hearing.operation;
    const id = letterIdOf(burial);
    const letter = create(DeadLetterSchema, {
      id,
      agent,
      hearer: handler,
      type: hearing.operation.name,
      stream: pulled.stream,
      sequence: BigInt(pulled.sequence),
      subject: pulled.subject,
      ...(burial.header === undefined ? {} : { header: wireHeader(burial.header) }),
      headers: Object.fromEntries(pulled.headers),
      payload: pulled.payload,
      error: errorDetail(error),
      attempts: attempts.map((failed) => ({
        attempt: failed.attempt,
        failedAt: timestampFromMs(failed.failedAt),
        error: errorDetail(failed.error),
      })),
      diedAt: timestampFromMs(burial.diedAt),
      contractDigest: this.#init.contractDigest,
      contentLeftOut: burial.contentLeftOut === true,
    });
    const subject = this.#init.subjects.deadLetter(agent, handler, id);
    crashPoint("delivery.before-burial", handler);
    await this.#init.appender.append({
      subject,
      payload: toBinary(DeadLetterSchema, letter),
      headers: new Map(),
      id,
    });
  }
}

/** The id of the letter that a message becomes: the same however often, and by whomever, it is buried. */
export function letterIdOf({ pulled, hearing }: Pick<Burial, "pulled" | "hearing">): string {
  const { agent, handler } = hearing.operation;
  return derivedId(...placeOf(pulled), agent, handler);
}

/** Characters of an error's text that a letter without its message holds. */
const maxText = 2_000;

function withoutContent({ pulled, attempts, error, ...burial }: Burial): Burial {
  const { stream, sequence, payload } = pulled;
  const where = `its ${payload.length} bytes are too large for a letter and stand in stream "${stream}" as ${sequence}`;
  const short = (one: MeshError) => one.with({ message: one.message.slice(0, maxText), violations: [] });
  return {
    ...burial,
    contentLeftOut: true,
    pulled: { ...pulled, payload: new Uint8Array(), headers: new Map() },
    attempts: attempts.slice(-8).map((failed) => ({ ...failed, error: short(failed.error) })),
    error: error.with({ message: `${error.message.slice(0, maxText)}; ${where}`, violations: [] }),
  };
}
