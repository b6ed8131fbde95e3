// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { InvalidArgumentError } from "commander";

/** A count as it is typed, from 1 to `most`. */
export function countArgument(most: number): (text: string) => number {
  return (text) => {
    const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (count < 1 || count > most) throw new InvalidArgumentError(`Write a whole number from 1 to ${most}.`);
    return count;
  };
}
