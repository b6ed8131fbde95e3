// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Priority } from "../header.ts";
import type { Lane } from "./lane.ts";

/** What an event's subjects need of its contract. */
export interface EventAddress {
  /** Proto package. */
  readonly domain: string;
  /** Full proto name. */
  readonly typeName: string;
  readonly priority: Priority;
}

/** What a command's subjects need of its contract. */
export interface MethodAddress {
  /** `package.Service/Method`. */
  readonly name: string;
  readonly priority: Priority;
}

/** One command, as its subjects tell of it. */
export interface CommandAddress extends MethodAddress {
  /** Message id: one token of the subject, so that a command is found by it. */
  readonly id: string;
  readonly key: string;
}

/** What the subject of a command's status is made of; all of it stays the same as long as the command is known. */
export interface StatusAddress {
  readonly id: string;
  readonly agent: string;
  /** `package.Service/Method`. */
  readonly method: string;
  /** Unset: of none. */
  readonly batch?: string | undefined;
}

/** Some of all statuses; what is unset may be anything. */
export interface StatusPart {
  readonly agent: string | undefined;
  readonly method: string | undefined;
  readonly batch: string | undefined;
}

/** One hearer of one agent, as the target of a message that is for nobody else. */
export interface HearerAddress {
  readonly agent: string;
  readonly hearer: string;
  /** Default: MEDIUM. */
  readonly lane?: Lane | undefined;
}

/** Some of the dead letters. */
export interface LetterPart {
  readonly agent?: string | undefined;
  readonly hearer?: string | undefined;
  readonly id?: string | undefined;
}

/** A part of what a stream holds. */
export interface HeardPart {
  /** Default: every lane. */
  readonly lane?: Lane | undefined;
  /** 0 to 15; default: every partition. */
  readonly partition?: number | undefined;
}

/** How a stream renames what it takes from another one. */
export interface SubjectTransform {
  readonly src: string;
  readonly dest: string;
}
