// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Where tests start processes of their own, the slowest first. */
const slow = ["test/crash/", "test/cli/", "test/packages/", "test/"];

/**
 * Begins with the files that wait most, so that none of them is still running by itself in the end. Vitest would go by what
 * they took the last time, which a fresh clone does not know.
 */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((left, right) => this.#rank(left) - this.#rank(right));
  }

  #rank({ moduleId }: TestSpecification): number {
    const path = relative(this.ctx.config.root, moduleId);
    const rank = slow.findIndex((folder) => path.startsWith(folder));
    return rank === -1 ? slow.length : rank;
  }
}
