// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { keyOfToken } from "../../broker/key-token.ts";
import type { StoredEntry } from "../../broker/stored-entry.ts";

/** A dead letter and where it is kept. */
export interface Letter {
  readonly content: DeadLetter;
  /** Key of the message that it holds. */
  readonly key: string;
  /** Its sequence in DEAD. */
  readonly sequence: number;
}

/** A message of DEAD as the letter that it is. */
export function letterIn({ payload, sequence }: StoredEntry): Letter {
  const content = fromBinary(DeadLetterSchema, payload);
  return { content, key: keyOfToken(content.subject.split(".").at(-1) ?? ""), sequence };
}
