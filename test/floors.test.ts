// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { floorBreaks, rooms } from "./tools/floors.ts";
import { importCycles } from "./tools/import-cycles.ts";
import { importsIn, root, sourceFiles } from "./tools/source-files.ts";

const files = sourceFiles();

/** A file that imports one thing, and what the floor plan says about it; undefined: nothing. */
function breakOf(path: string, specifier: string): string | undefined {
  const imports = importsIn(path, `import type { Thing } from "${specifier}";\n`);
  return floorBreaks([{ path, imports }])[0]?.split('": ')[1];
}

test("imports go down the floors and the packages", () => {
  expect(floorBreaks(files)).toEqual([]);
});

test("no file imports itself in the end", () => {
  expect(importCycles(files).map((cycle) => cycle.join(" → "))).toEqual([]);
});

test("every room of the mesh has a floor", () => {
  const folders = readdirSync(join(root, "mesh/src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders) expect(rooms.flat(), `mesh/src/${name}`).toContain(name);
});

test("the whole tree is looked at, but nothing generated or installed", () => {
  const paths = files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(["mesh/src/mesh-error.ts", "proto/build/generate.ts", "test/floors.test.ts"]),
  );
  expect(paths.filter((path) => /node_modules|\/gen\//.test(path))).toEqual([]);
  expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(files.length);
});

test("an import is found whatever its form, and not in a comment", () => {
  const source = `import a from "./a.ts";
import type { B } from "../b.ts";
import {
  c,
} from "./sub/c.ts";
import "node:fs";
export * from "@parley/mesh";
export { type D } from "./d.ts";
const e = await import("./e.ts");
type F = import("./f.ts").F;
 * import g from "./g.ts";
// import h from "./h.ts";
`;
  expect(importsIn("mesh/src/x.ts", source)).toEqual([
    { line: 1, target: "mesh/src/a.ts" },
    { line: 2, target: "mesh/b.ts" },
    { line: 3, target: "mesh/src/sub/c.ts" },
    { line: 6, target: "node:fs" },
    { line: 7, target: "@parley/mesh" },
    { line: 8, target: "mesh/src/d.ts" },
    { line: 9, target: "mesh/src/e.ts" },
    { line: 10, target: "mesh/src/f.ts" },
  ]);
});

test("a room may import lower rooms and itself, nothing beside or above it", () => {
  expect(breakOf("mesh/src/calls/port.ts", "../pipeline/step.ts")).toBeUndefined();
  expect(breakOf("mesh/src/calls/port.ts", "./limits.ts")).toBeUndefined();
  expect(breakOf("mesh/src/calls/port.ts", "../clock.ts")).toBeUndefined();
  expect(breakOf("mesh/src/calls/port.ts", "node:net")).toBeUndefined();
  expect(breakOf("mesh/src/calls/port.ts", "@connectrpc/connect")).toBeUndefined();
  expect(breakOf("mesh/src/calls/port.ts", "../delivery/deliver.ts")).toBe(
    '"delivery" (floor 4) is beside "calls" (floor 4); pass what is needed in from above',
  );
  expect(breakOf("mesh/src/clock.ts", "./broker/streams.ts")).toMatch(
    /^"broker" \(floor 1\) is above "root nouns" \(floor 0\)/,
  );
  expect(breakOf("mesh/src/contracts/lint/rule.ts", "../../agent/on.ts")).toMatch(
    /^"agent" \(floor 6\) is above "contracts"/,
  );
  expect(breakOf("mesh/src/agent/on.ts", "../attic/box.ts")).toMatch(/^room "attic" has no floor/);
});

test("an index is for other packages, test support for tests", () => {
  expect(breakOf("mesh/src/agent/on.ts", "../contracts/index.ts")).toMatch(/^it is an index/);
  expect(breakOf("mesh/src/index.ts", "./agent/on.ts")).toBeUndefined();
  expect(breakOf("mesh/src/contracts/contracts.ts", "./testdata/compile.ts")).toBe("it is there for tests only");
  expect(breakOf("mesh/src/contracts/contracts.test.ts", "./testdata/compile.ts")).toBeUndefined();
  expect(breakOf("mesh/src/contracts/contracts.test.ts", "../testing/test-mesh.ts")).toBeUndefined();
  expect(breakOf("mesh/src/calls/health.test.ts", "../../../test/grpc/client.ts")).toBeUndefined();
  expect(breakOf("mesh/src/calls/health.ts", "../../../test/grpc/client.ts")).toMatch(/^it is in another package/);
});

test("a package is imported by its name, from above only", () => {
  expect(breakOf("mesh/src/ids.ts", "@parley/contracts/parley/mesh/v1/error_pb.js")).toBeUndefined();
  expect(breakOf("mesh/src/ids.ts", "@parley/gateway")).toBe("mesh/ may only import proto");
  expect(breakOf("mesh/src/ids.ts", "@parley/mesh")).toBe("it is this very package; import the file");
  expect(breakOf("proto/build/generate.ts", "@parley/mesh")).toBe("proto/ may only import nothing of ours");
  expect(breakOf("agents/scheduling/src/user.ts", "@parley/mesh/testing")).toBeUndefined();
  expect(breakOf("agents/scheduling/src/user.ts", "@parley/gateway")).toBe("agents/ may only import proto, mesh");
  expect(breakOf("agents/scheduling/src/user.ts", "@parley/outreach")).toBe("agents/ may only import proto, mesh");
  expect(breakOf("agents/scheduling/src/user.ts", "../../outreach/src/sms.ts")).toMatch(/^it is in another package/);
  expect(breakOf("cli/src/up.ts", "@parley/gateway")).toBeUndefined();
  expect(breakOf("cli/src/up.ts", "@parley/scheduling")).toBe("cli/ may only import proto, mesh, gateway");
  expect(breakOf("cli/src/up.ts", "../../gateway/src/serve.ts")).toMatch(/^it is in another package/);
  expect(breakOf("test/parity.test.ts", "@parley/scheduling")).toBeUndefined();
  expect(breakOf("test/parity.test.ts", "../mesh/src/agent/on.ts")).toMatch(/^it is in another package/);
});

test("a cycle is told with every file on it", () => {
  const file = (path: string, ...targets: string[]) => ({
    path,
    imports: targets.map((target) => ({ line: 1, target })),
  });
  expect(importCycles([file("a", "b", "d"), file("b", "c"), file("c", "b"), file("d", "c")])).toEqual([
    ["b", "c", "b"],
  ]);
  expect(importCycles([file("a", "a")])).toEqual([["a", "a"]]);
  expect(importCycles([file("a", "b", "c"), file("b", "d"), file("c", "d"), file("d")])).toEqual([]);
});
