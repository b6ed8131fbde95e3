// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, matchesGlob } from "node:path";
import { createInterface } from "node:readline";
import { type NatsServer, startServer } from "@parley/mesh/broker";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { root } from "../tools/source-files.ts";
import { packAll, type Tarball } from "./pack.ts";
import { copyRepository, packageFolders } from "./repository-copy.ts";
import { run, terminal } from "./run.ts";

// What a newcomer does: packages from npm, `parley new agent`, `npm install`, `npm test`, `npm start`. Seconds of it are
// npm's; one folder serves all tests of this file.
let folder: string;
let agent: string;
let tarballs: readonly Tarball[];
let broker: NatsServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "parley-packages-"));
  agent = join(folder, "order-desk");
  const copy = join(folder, "repository");
  copyRepository(copy);
  const before = manifests(copy);
  tarballs = await packAll(copy);
  expect(manifests(copy)).toEqual(before);

  await succeeds(join(root, "cli/bin/parley.js"), ["new", "agent", "order-desk"], folder);
  useTarballs(agent, tarballs);
  await succeeds("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], agent);
  broker = await startServer({ storeDir: join(folder, "broker") });
}, 240_000);

afterAll(async () => {
  await broker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a tarball holds compiled code, the licence, and neither sources nor tests of ours", () => {
  for (const { name, contents } of tarballs) {
    expect(contents, name).toContain("LICENSE");
    expect(contents, name).toContain("package.json");
    const code = contents.filter((path) => !path.startsWith("template/"));
    expect(
      code.filter((path) => /(?<!\.d)\.ts$|\.test\.|testdata|node_modules|^src\/|^build\//.test(path)),
      name,
    ).toEqual([]);
  }
  const [contracts, mesh] = tarballs.map(({ contents }) => contents);
  expect(contracts).toEqual(
    expect.arrayContaining([
      "parley/mesh/v1/policy.proto",
      "gen/parley/mesh/v1/policy_pb.js",
      "gen/parley/mesh/v1/policy_pb.d.ts",
      "imports/buf/validate/validate.proto",
      "imports/google/api/annotations.proto",
    ]),
  );
  expect(mesh).toEqual(expect.arrayContaining(["dist/index.js", "dist/index.d.ts", "dist/testing/index.js"]));
});

// Not shown by using the entries: the compiler finds types beside the code where the ones named are missing.
test("every file that an entry names is in the tarball", () => {
  for (const { name, contents } of tarballs) {
    const { exports = {} } = JSON.parse(readFileSync(join(agent, "node_modules", name, "package.json"), "utf8"));
    const entries: readonly (string | Readonly<Record<string, string>>)[] = Object.values(exports);
    const targets = entries.flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry)));
    const patterns = targets.map((target) => target.slice(2).replace("*", "**/*"));
    const missing = patterns.filter((pattern) => !contents.some((path) => matchesGlob(path, pattern)));
    expect(missing, name).toEqual([]);
  }
});

test("a new agent's own tests pass at once", async () => {
  const said = await succeeds("npm", ["test"], agent, { PARLEY_NATS_URL: inject("natsUrl") });
  expect(said).toMatch(/Tests\D+2 passed/);
});

test("the agent runs by itself, answers JSON over HTTP, refuses what its contract forbids, and drains on SIGTERM", async () => {
  const node = join(agent, "node_modules/.bin/node");
  const env = { ...terminal(), PARLEY_NATS_URL: broker.url };
  const child = spawn(node, ["src/agent.ts"], { cwd: agent, env, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const url = /^order_desk takes calls at (http:\S+)$/.exec(line)?.[1];
  const sayHello = (request: object) =>
    fetch(`${url}/order_desk.v1.OrderDeskService/SayHello`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });

  // Another one at each try: the agent remembers whom it has greeted.
  const name = `Ada ${randomUUID()}`;
  expect(await (await sayHello({ name })).json()).toEqual({ text: `Hello ${name}!` });
  const refused = await sayHello({ name: "" });
  expect([refused.status, await refused.json()]).toEqual([400, expect.objectContaining({ code: "invalid_argument" })]);

  const ended = once(child, "exit");
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

test("the agent that finds no broker says so in one line", async () => {
  const node = join(agent, "node_modules/.bin/node");
  const ended = await run(node, ["src/agent.ts"], { cwd: agent, env: { PARLEY_NATS_URL: "nats://127.0.0.1:1" } });
  expect(ended).toEqual({ code: 1, said: expect.stringMatching(/^BROKER_UNAVAILABLE: broker at .*\n$/) });
});

test("contracts of one's own may use those that Parley brings: its policies, validation rules, google.api", async () => {
  const contract = `syntax = "proto3";
package order_desk.v1;
import "buf/validate/validate.proto";
import "google/api/annotations.proto";
import "parley/mesh/v1/error.proto";
message Question {
  string text = 1 [(buf.validate.field).string.min_len = 1];
  parley.mesh.v1.ErrorClass error_class = 2;
}
service AskService {
  rpc Ask(Question) returns (Question) {
    option (google.api.http) = {get: "/ask/{text}"};
  }
}
`;
  const path = join(agent, "proto/order_desk/v1/ask.proto");
  writeFileSync(path, contract);
  await succeeds("npm", ["run", "generate"], agent);
  rmSync(path);
  const program = `
    import { getOption } from "@bufbuild/protobuf";
    import { http } from "@parley/contracts/google/api/annotations_pb.js";
    import { AskService } from "./gen/order_desk/v1/ask_pb.js";
    console.log(getOption(AskService.method.ask, http).pattern.value);`;
  const node = join(agent, "node_modules/.bin/node");
  expect(await succeeds(node, ["--input-type=module", "--eval", program], agent)).toBe("/ask/{text}\n");
});

test("parley up starts the agent that package.json names", async () => {
  const env = { PARLEY_NATS_URL: broker.url };
  const said = await succeeds("npm", ["start", "--", "--port", "0", "--exit"], agent, env);
  expect(said).toMatch(/^ready http:\/\/localhost:\d+$/m);
});

test("every entry of every package is there, for Node and, without leniency, for the compiler", async () => {
  const entries = packageFolders.flatMap((name) => entriesOf(name));
  expect(entries).toEqual(expect.arrayContaining(["@parley/mesh", "@parley/mesh/testing", "@parley/gateway"]));
  expect(entries).toContain("@parley/contracts/parley/mesh/v1/policy_pb.js");
  const uses = entries.map((entry, index) => `import * as entry${index} from "${entry}";\nvoid entry${index};`);
  writeFileSync(join(agent, "entries.ts"), uses.join("\n"));
  const strictly = ["--module", "nodenext", "--target", "es2024", "--lib", "esnext,dom", "--types", "node", "--strict"];
  const parameters = [...strictly, "--noEmit", "--skipLibCheck", "false", "--ignoreConfig", "entries.ts"];
  await succeeds(join(agent, "node_modules/.bin/tsc"), parameters, agent);
  await succeeds(join(agent, "node_modules/.bin/node"), ["entries.ts"], agent);
});

/** What a package lets others import, by its name in this very installation. */
function entriesOf(packageFolder: string): readonly string[] {
  const { name } = JSON.parse(readFileSync(join(root, packageFolder, "package.json"), "utf8"));
  const home = join(agent, "node_modules", name);
  const { exports = {} } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  return Object.keys(exports).flatMap((entry) => {
    if (/\.(?:json|binpb)$/.test(entry)) return [];
    if (entry !== "./*_pb.js") return [name + entry.slice(1)];
    const generated = readdirSync(join(home, "gen"), { recursive: true, encoding: "utf8" });
    return generated.filter((path) => path.endsWith("_pb.js")).map((path) => `${name}/${path}`);
  });
}

/** Puts the tarballs in the place of what npm would fetch. */
function useTarballs(home: string, packed: readonly Tarball[]): void {
  const path = join(home, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  manifest.overrides = {};
  for (const { name, file } of packed) {
    const wanted =
      [manifest.dependencies, manifest.devDependencies].find((group) => name in group) ?? manifest.overrides;
    wanted[name] = `file:${file}`;
  }
  writeFileSync(path, JSON.stringify(manifest, undefined, 2));
}

function manifests(copy: string): readonly string[] {
  return packageFolders.map((name) => readFileSync(join(copy, name, "package.json"), "utf8"));
}

/** Runs a program that must end well; gives what it said. */
async function succeeds(
  command: string,
  parameters: readonly string[],
  cwd: string,
  env?: Readonly<Record<string, string>>,
): Promise<string> {
  const { code, said } = await run(command, parameters, { cwd, env });
  if (code !== 0) throw new Error(`${command} ${parameters.join(" ")}: exit code ${code}\n${said}`);
  return said;
}
