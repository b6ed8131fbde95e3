// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sampleFault, samplesIn } from "./tools/samples.ts";
import { root } from "./tools/source-files.ts";

function read(path: string): string | undefined {
  const file = join(root, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** Faults of one page, as a reader of the page would look for them. */
function faultsIn(page: string): readonly string[] {
  return samplesIn(page).flatMap((sample) => {
    const fault = sampleFault(sample, read);
    return fault === undefined ? [] : [`line ${sample.line}: ${fault}`];
  });
}

test.each(["README.md", ...globSync("docs/**/*.md", { cwd: root })])("code in %s is that of a file", (path) => {
  expect(faultsIn(read(path) ?? "")).toEqual([]);
});

test("README shows the agent that `parley new agent` writes, which is under 40 lines, and its contract", () => {
  const sources = samplesIn(read("README.md") ?? "").map(({ source }) => source);
  expect(sources).toEqual(
    expect.arrayContaining(["cli/template/src/agent.ts", "cli/template/proto/greeter/v1/greeter.proto"]),
  );
  expect(read("cli/template/src/agent.ts")?.trimEnd().split("\n").length).toBeLessThan(40);
});

test("code that differs from its file, has none, or names one that is gone is found", () => {
  const page = (comment: string, text: string) => `# A page\n\n${comment}\`\`\`ts\n${text}\`\`\`\n`;
  const agent = read("cli/template/src/agent.ts") ?? "";
  const source = "<!-- source: cli/template/src/agent.ts -->\n\n";
  expect(faultsIn(page(source, agent))).toEqual([]);
  expect(faultsIn(page(source, agent.replace("Hello", "Hallo")))).toEqual([
    'line 3: is no longer "cli/template/src/agent.ts"; copy the file',
  ]);
  expect(faultsIn(page("", agent))).toEqual([expect.stringContaining("line 3: is not said to be the copy of a file")]);
  expect(faultsIn(page("<!-- source: gone.ts -->\n", agent))).toEqual([
    'line 3: is said to be "gone.ts", which does not exist',
  ]);
  expect(faultsIn("```sh\nnpm ci\n```\n")).toEqual([]);
});
