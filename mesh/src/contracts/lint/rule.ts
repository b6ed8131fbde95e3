// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { LintedContracts } from "./linted-contracts.ts";
import type { Element, Setting } from "./place.ts";

/** What a rule found, before its place in the file is looked up. */
export interface Problem {
  /** Whose fault it is. */
  readonly element: Element;
  /** The setting inside the element's policy; unset: the element itself. */
  readonly setting?: Setting | undefined;
  /** What is wrong, naming the thing and the value in quotes. */
  readonly wrong: string;
  /** What to write instead, ready to be copied where that is possible. */
  readonly write: string;
}

/** One rule of the contract lint. */
export interface Rule {
  /** Kebab-case, as it stands in a finding. */
  readonly name: string;
  check(contracts: LintedContracts): Iterable<Problem>;
}
