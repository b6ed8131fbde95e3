// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { posix } from "node:path";
import type { Import, SourceFile } from "./source-files.ts";

/** Rooms of mesh/src by floor, from the ground up; the root nouns stand on floor 0, the package's entry above all. */
export const rooms: readonly (readonly string[])[] = [
  [],
  ["contracts", "resilience", "telemetry", "broker"],
  ["trust", "directory", "maintenance", "overlay"],
  ["pipeline"],
  ["calls", "journal", "delivery"],
  ["events", "commands", "sagas", "projection"],
  ["agent", "doctor"],
  ["testing", "operator", "handoff"],
];

/** Folders of the packages, each with those whose package it may import; nobody imports an agent group. */
const packages: Readonly<Record<string, readonly string[]>> = {
  proto: [],
  mesh: ["proto"],
  agents: ["proto", "mesh"],
  gateway: ["proto", "mesh"],
  cli: ["proto", "mesh", "gateway"],
  // Not packages, but users of them.
  test: ["proto", "mesh", "agents", "gateway", "cli"],
  bench: ["proto", "mesh", "agents", "gateway", "cli"],
};

/** Folder of a package by the name that others import. */
const folderOf: Readonly<Record<string, string>> = { contracts: "proto", mesh: "mesh", gateway: "gateway", cli: "cli" };

/** Whoever may look behind the entry of a package, and why. */
const insiders: readonly (readonly [path: string, why: string])[] = [
  ["test/broker.setup.ts", "starts the one broker of a test run before anything else is loaded"],
  ["bench/", "measures with the agents and contracts that the tests have"],
  ["test/cli/line-process.ts", "carries out command lines, which is no entry of the package but its program"],
  ["test/crash/", "ends processes at crash points, which are no entry of the package"],
  ["test/telemetry/", "runs the telemetry room in a process of its own; it is no entry of the package"],
];

/** Every import that does not go down the floors or the packages, as a line that says where and what to do. */
export function floorBreaks(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((one) => {
      const wrong = whatIsWrong(file.path, one);
      return wrong === undefined ? [] : [`${file.path}:${one.line}: imports "${one.target}": ${wrong}`];
    }),
  );
}

function whatIsWrong(from: string, { target }: Import): string | undefined {
  const scoped = /^@parley\/([^/]+)/.exec(target);
  if (scoped !== null) return wrongPackage(from, folderOf[scoped[1] ?? ""] ?? "agents");
  const extension = posix.extname(target);
  // A contract that a test writes out has imports too.
  // Our own code imports `.ts`; a `.js` outside of the packages is an installed one's.
  const isOthers = target.startsWith("@") || (extension === ".js" && packageOf(target) === "");
  const isFile = target.includes("/") && extension !== "" && extension !== ".proto" && !isOthers;
  if (!isFile || packageOf(from) === "") return undefined;
  if (packageOf(from) !== packageOf(target)) return wrongPath(from, target);
  if (isTest(target) && !isTest(from)) return "it is there for tests only";
  if (posix.basename(target) === "index.ts" && packageOf(from) !== "test")
    return "it is an index; import the file that has the thing";
  return isTest(from) ? undefined : wrongFloor(from, target);
}

function wrongPackage(from: string, folder: string): string | undefined {
  const own = packageOf(from).split("/")[0] ?? "";
  if (own === "" || packages[own]?.includes(folder)) return undefined;
  if (own === folder && folder !== "agents") return "it is this very package; import the file";
  return `${own}/ may only import ${packages[own]?.join(", ") || "nothing of ours"}`;
}

function wrongPath(from: string, target: string): string | undefined {
  if (isTest(from) && packageOf(target) === "test") return undefined;
  if (insiders.some(([path]) => from.startsWith(path))) return undefined;
  return "it is in another package; import it from an entry of that package";
}

function wrongFloor(from: string, target: string): string | undefined {
  const [here, there] = [floorOf(from), floorOf(target)];
  if (here === undefined || there === undefined || here.room === there.room) return undefined;
  if (there.floor === -1) return `room "${there.room}" has no floor; give it one in test/tools/floors.ts`;
  if (there.floor < here.floor) return undefined;
  const relation = there.floor === here.floor ? "beside" : "above";
  return `"${there.room}" (floor ${there.floor}) is ${relation} "${here.room}" (floor ${here.floor}); pass what is needed in from above`;
}

/** Room and floor of a file of mesh/src; floor -1 where the room has none. */
function floorOf(path: string): { readonly room: string; readonly floor: number } | undefined {
  const [mesh, src, room = "", ...rest] = path.split("/");
  if (mesh !== "mesh" || src !== "src") return undefined;
  if (rest.length > 0) return { room, floor: rooms.findIndex((floor) => floor.includes(room)) };
  return room === "index.ts" ? { room: "index", floor: rooms.length } : { room: "root nouns", floor: 0 };
}

/** The package folder of a file, e.g. `mesh` or `agents/scheduling`; empty for files at the root. */
function packageOf(path: string): string {
  const [first = "", second = "", ...rest] = path.split("/");
  if (!(first in packages)) return "";
  return first === "agents" && rest.length > 0 ? `${first}/${second}` : first;
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || path.includes("/testdata/");
}
