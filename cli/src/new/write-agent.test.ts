// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeAgent } from "./write-agent.ts";

const root = join(import.meta.dirname, "../../..");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-new-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function read(path: string): string {
  return readFileSync(join(folder, path), "utf8");
}

test("the folder holds contract, code, test and all that they need, and nothing of the sample's name", () => {
  const written = writeAgent("sales.order-desk", folder);
  const expected = [
    ".gitignore",
    "README.md",
    "buf.gen.yaml",
    "buf.yaml",
    "package.json",
    "proto/sales/order_desk/v1/order_desk.proto",
    "src/agent.ts",
    "test/agent.test.ts",
    "tsconfig.json",
  ];
  expect(written.toSorted()).toEqual(expected.map((path) => join(folder, path)));
  expect(expected.filter((path) => /greeter/i.test(read(path)))).toEqual([]);
});

test("each place names the agent in its own spelling", () => {
  writeAgent("sales.order-desk", folder);
  const contract = read("proto/sales/order_desk/v1/order_desk.proto");
  expect(contract).toContain("package sales.order_desk.v1;");
  expect(contract).toContain("service OrderDeskService {");
  expect(contract).toContain('agent: "sales.order_desk"');
  expect(contract).toContain('name: "ORDER_DESK_SAID_HELLO"');
  expect(read("src/agent.ts")).toContain('from "../gen/sales/order_desk/v1/order_desk_pb.js"');
  expect(read("src/agent.ts")).toContain('name: "sales.order_desk"');
  expect(JSON.parse(read("package.json"))).toMatchObject({ name: "sales.order-desk" });
  expect(read("README.md")).toContain("# sales.order-desk\n");
});

test("a folder with something in it is left as it is", () => {
  writeFileSync(join(folder, "mine.txt"), "mine");
  expect(() => writeAgent("greeter", folder)).toThrow(
    expect.objectContaining({ name: "UsageError", message: `"${folder}" is not empty` }),
  );
  expect(readdirSync(folder)).toEqual(["mine.txt"]);
});

test.skipIf(process.platform !== "linux")("a folder that cannot be made is said at once", () => {
  expect(() => writeAgent("greeter", "/proc/parley/greeter")).toThrow(
    expect.objectContaining({ name: "UsageError", message: expect.stringContaining("cannot be written to: ENOENT") }),
  );
});

test("a file where the folder would be is left as it is", () => {
  const file = join(folder, "greeter");
  writeFileSync(file, "mine");
  expect(() => writeAgent("greeter", file)).toThrow(expect.objectContaining({ message: `"${file}" is a file` }));
  expect(readFileSync(file, "utf8")).toBe("mine");
});

test("a folder that holds only a new git repository is empty", () => {
  mkdirSync(join(folder, ".git"));
  expect(writeAgent("greeter", folder)).not.toEqual([]);
});

test("a new agent has the versions that Parley itself is made and tested with", () => {
  writeAgent("greeter", folder);
  const manifest = JSON.parse(read("package.json")) as Record<"dependencies" | "devDependencies", object>;
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly version?: string; readonly resolved?: string }>>;
  };
  const { packages } = lock;
  const locked = (name: string) => {
    const entry = packages[`node_modules/${name}`];
    return name.startsWith("@parley/") ? packages[entry?.resolved ?? ""]?.version : entry?.version;
  };
  const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(wanted.length).toBeGreaterThan(8);
  expect(wanted).toEqual(wanted.map(([name]) => [name, locked(name)]));
});
