// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { DeadLetterFilter } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { ErrorClass } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import type { Contracts } from "../../contracts/contracts.ts";
import { errorCodes, isErrorCode } from "../../error-codes.ts";
import { MeshError } from "../../mesh-error.ts";
import { nearNames } from "../../near-names.ts";
import type { Letter } from "./letter.ts";

/** Which letters are meant. Agent and hearer are in the subject of a letter; all else is looked at letter by letter. */
export interface LetterFilter {
  readonly ids: readonly string[];
  readonly agent: string | undefined;
  readonly hearer: string | undefined;
  /** It covers every letter. */
  readonly isEmpty: boolean;
  covers(letter: Letter): boolean;
}

/**
 * Reads a filter as an operator gives it.
 *
 * @throws MeshError INVALID_MESSAGE when it can cover nothing, by its own fault
 */
export function letterFilter(asked: DeadLetterFilter | undefined, contracts: Contracts): LetterFilter {
  const { ids = [], code = "", key = "", errorClass = ErrorClass.UNSPECIFIED } = asked ?? {};
  const [agent, hearer] = [asked?.agent || undefined, asked?.hearer || undefined];
  const from = asked?.diedFrom === undefined ? undefined : timestampMs(asked.diedFrom);
  const before = asked?.diedBefore === undefined ? undefined : timestampMs(asked.diedBefore);
  const type = contracts.eventNamed(asked?.type ?? "")?.typeName ?? asked?.type ?? "";
  if (code !== "" && !isErrorCode(code)) throw unknownCode(code);
  if (from !== undefined && before !== undefined && from >= before) throw emptyTime(from, before);
  const isEmpty =
    ids.length === 0 &&
    [agent, hearer, from, before].every((one) => one === undefined) &&
    [type, key, code].every((one) => one === "") &&
    errorClass === ErrorClass.UNSPECIFIED;
  return {
    ids,
    agent,
    hearer,
    isEmpty,
    covers(letter) {
      const { content } = letter;
      const died = content.diedAt === undefined ? 0 : timestampMs(content.diedAt);
      return (
        (agent === undefined || content.agent === agent) &&
        (hearer === undefined || content.hearer === hearer) &&
        (type === "" || content.type === type || content.header?.messageType === type) &&
        (key === "" || letter.key === key) &&
        (code === "" || content.error?.code === code) &&
        (errorClass === ErrorClass.UNSPECIFIED || content.error?.errorClass === errorClass) &&
        (from === undefined || died >= from) &&
        (before === undefined || died < before)
      );
    },
  };
}

/** @throws MeshError INVALID_MESSAGE when everything is covered and nobody said so */
export function assertMeant(filter: LetterFilter, all: boolean): void {
  if (!filter.isEmpty || all) return;
  const message = 'the filter is empty: name letters, agent, hearer, type, key, code, class or time, or say "all"';
  throw new MeshError({ code: "INVALID_MESSAGE", message });
}

function unknownCode(code: string): MeshError {
  const near = nearNames(code, Object.keys(errorCodes));
  const advice = near.length > 0 ? `did you mean ${near.join(" or ")}?` : "docs/errors.md lists them";
  const message = `filter: there is no error code ${JSON.stringify(code.slice(0, 80))}; ${advice}`;
  return new MeshError({ code: "INVALID_MESSAGE", message });
}

function emptyTime(from: number, before: number): MeshError {
  const [begin, end] = [from, before].map((at) => new Date(at).toISOString());
  const message = `filter: nothing dies from ${begin} on and before ${end}; exchange the two`;
  return new MeshError({ code: "INVALID_MESSAGE", message });
}
