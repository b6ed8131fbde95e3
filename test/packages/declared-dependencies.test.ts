// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root, sourceFiles } from "../tools/source-files.ts";

/** What the code of a package imports from elsewhere, tests aside. */
function imported(folder: string): readonly string[] {
  const files = sourceFiles().filter(
    ({ path }) => path.startsWith(`${folder}/src/`) && !/\.test\.ts$|\/testdata\//.test(path),
  );
  const targets = files.flatMap(({ imports }) => imports.map(({ target }) => target));
  const bare = targets.filter((target) => !target.startsWith("node:") && !target.startsWith(`${folder}/`));
  const names = bare.map((target) => (/^(@[^/]+\/[^/]+|[^/]+)/.exec(target) ?? [target])[0]);
  return [...new Set(names)].sort();
}

test.each(["mesh", "gateway", "cli", "agents/mailroom", "agents/scheduling"])(
  "%s depends on what its code imports, and on nothing else",
  (folder) => {
    const { dependencies } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    expect(Object.keys(dependencies).sort()).toEqual(imported(folder));
  },
);
