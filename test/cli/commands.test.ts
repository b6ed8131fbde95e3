// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Command, type Ended, run } from "./command.ts";
import { Lines } from "./lines.ts";

// Whole meshes are started here, on a machine that may have much else to do.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const lines = new Lines();
let state: string;
let mesh: Command;
let url: string;
beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "parley-commands-"));
  mesh = new Command(["up", "--port", "0", "--state", state]);
  [, url = ""] = await mesh.shows(/^ready (http:\S+)$/m);
});
afterAll(async () => {
  await lines[Symbol.asyncDispose]();
  await mesh[Symbol.asyncDispose]();
  await rm(state, { recursive: true, force: true });
});

/** Carries out a command that finds the mesh by its state folder. */
function parley(...args: readonly string[]): Promise<Ended> {
  return lines.run(args, { env: { PARLEY_STATE: state } });
}

/** Starts the same in a process of its own. */
function start(...args: readonly string[]): Command {
  return new Command(args, { env: { PARLEY_STATE: state } });
}

test("doctor finds the broker of a running mesh by its state folder, and all well", async () => {
  const { code, output, errors } = await parley("doctor");
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  expect(output).toMatch(/^notice .*durability-unseen\n.*\n.*\n\nAll is well \(1 notice\)\.\n$/);
});

describe("call", () => {
  test("prints the answer as JSON; the end of the method's name is enough", async () => {
    const { code, output } = await start("call", "ListProviders", '{"serviceType":"dentist"}').ended();
    expect(code).toBe(0);
    const { providers } = JSON.parse(output);
    expect(providers.map(({ name }: { name: string }) => name)).toEqual(["Dr. Liam Murphy", "Dr. Giulia Rossi"]);
  });

  test("reads the request from standard input", async () => {
    const input = '{"serviceType":"physiotherapist"}';
    const { output } = await run(["call", "ProviderAgentService/ListProviders", "-", "--state", state], { input });
    expect(JSON.parse(output).providers[0].name).toBe("Clara Neumann");
  });

  test("prints one line for each message of a stream", async () => {
    const text = "Book a doctor for tomorrow afternoon";
    const { conversationId } = JSON.parse(
      (await parley("call", "Converse", JSON.stringify({ userId: "eva", text }))).output,
    );
    await parley("call", "Converse", JSON.stringify({ userId: "eva", text: "yes", conversationId }));
    await using watching = start("call", "WatchNotifications", '{"userId":"eva"}');
    const [line] = await watching.shows(/^\{.*\}$/m);
    expect(JSON.parse(line).notification.kind).toBe("NOTIFICATION_KIND_APPOINTMENT_CONFIRMED");
  });

  test("shows code, message and violations on standard error", async () => {
    const { code, output, errors } = await start("call", "Converse", '{"userId":"eva"}').ended();
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toMatch(
      /^parley: INVALID_MESSAGE "\S+" is not valid\n {2}text: must be at least 1 characters \(string.min_len\)\n$/,
    );
  });

  test("shows what may be said to the user", async () => {
    const request = '{"userId":"eva","serviceType":"astrologer"}';
    const { code, errors } = await parley("call", "RequestAppointment", request);
    expect(code).toBe(1);
    expect(errors).toMatch(/^parley: NOT_FOUND .*\n {2}for the user: Sorry, nobody here offers that.\n$/);
  });

  test("listens to a stream for as long as --timeout, and that is no failure", async () => {
    const { code, errors } = await parley("call", "WatchNotifications", '{"userId":"nobody"}', "--timeout", "300ms");
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
  });

  test("gives up after --timeout", async () => {
    const { code, errors } = await parley("call", "ListProviders", "{}", "--timeout", "1ms");
    expect(code).toBe(1);
    expect(errors).toMatch(/^parley: DEADLINE_EXCEEDED /);
  });

  test.each([
    {
      what: "a method that is written wrong",
      args: ["Convrese"],
      says: /Did you mean:\n {2}\S+UserAgentService\/Converse\n/,
    },
    { what: "a method that nobody has", args: ["Convers"], says: /Did you mean:\n {2}\S+UserAgentService\/Converse\n/ },
    { what: "no JSON", args: ["Converse", "{userId"], says: /"\{userId" is no JSON/ },
    {
      what: "an unknown field",
      args: ["Converse", '{"user":"eva"}'],
      says: /"user" is unknown\nIts fields: userId, text,/,
    },
    { what: "a file that is not there", args: ["Converse", "@nowhere.json"], says: /"@nowhere.json" cannot be read/ },
    { what: "a time that is none", args: ["Converse", "{}", "--timeout", "soon"], says: /^parley: .*Write e.g. 500ms/ },
  ])("says what to do about $what", async ({ args, says }) => {
    const { code, errors } = await parley("call", ...args);
    expect(code).toBe(1);
    expect(errors).toMatch(says);
    expect(errors).not.toMatch(/^ {4}at /m);
  });

  test("goes through the public door where that is named, and only as far as it lets", async () => {
    const { code, output } = await lines.run(["call", "ListProviders", "--url", url]);
    expect(code).toBe(0);
    expect(JSON.parse(output).providers).toHaveLength(5);
    const { errors } = await lines.run(["call", "GetBooking", '{"appointmentId":"x"}', "--url", url]);
    expect(errors).toContain("UNIMPLEMENTED");
  });
});

describe("publish and tail", () => {
  const event = '{"requestId":"r1","userId":"eva","serviceType":"doctor"}';

  test("what is published by hand is shown, with its conversation", async () => {
    await using tail = start("tail", "APPOINTMENT_REQUESTED");
    await using json = start("tail", "-o", "json");
    // A tail says nothing until there is an event, so they are repeated until it does.
    let seen = false;
    const both = Promise.all([tail.shows(/APPOINTMENT_REQUESTED .*/), json.shows(/^\{.*c-17.*\}$/m)]);
    const [[text], [line]] = await Promise.race([
      both.finally(() => (seen = true)),
      (async () => {
        while (!seen) {
          const { code, output } = await parley("publish", "APPOINTMENT_REQUESTED", event, "--conversation", "c-17");
          expect(code).toBe(0);
          expect(output).toMatch(/^APPOINTMENT_REQUESTED \S+\n$/);
        }
        return both;
      })(),
    ]);
    expect(text).toBe(`APPOINTMENT_REQUESTED  mesh.operator in c-17  ${event}`);
    const { header, event: shown } = JSON.parse(line);
    expect(header).toMatchObject({ name: "APPOINTMENT_REQUESTED", conversationId: "c-17" });
    expect(shown).toEqual(JSON.parse(event));
    tail.process.kill("SIGINT");
    expect((await tail.ended()).code).toBe(0);
  });

  test.each([
    {
      what: "an unknown event",
      args: ["APPOINTMENT_REQUESTD", event],
      says: /^parley: UNKNOWN_TYPE .*did you mean APPOINTMENT_REQUESTED/,
    },
    {
      what: "an event like none",
      args: ["NOPE", "{}"],
      says: /^parley: UNKNOWN_TYPE .*; known are [A-Z_]+, [A-Z_]+, [A-Z_]+ and others; parley contracts lists them\n/,
    },
    {
      what: "an unknown field",
      args: ["APPOINTMENT_REQUESTED", '{"request":"r1"}'],
      says: /^parley: UNDECODABLE .*"request" is unknown/,
    },
    { what: "no JSON", args: ["APPOINTMENT_REQUESTED", "{"], says: /is no JSON/ },
  ])("refuses $what", async ({ args, says }) => {
    const { code, output, errors } = await parley("publish", ...args);
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toMatch(says);
  });
});

describe("contracts", () => {
  test("of the running mesh, with their policies, for people", async () => {
    const { code, output } = await parley("contracts");
    expect(code).toBe(0);
    expect(output).toMatch(/^parley.mesh.v1.OperatorService {2}served by mesh.operator$/m);
    expect(output).toMatch(/^ {2}ConfirmSlot +20 s +200 ms, 1 s +CONFIRM_SLOT +public +once per idempotency_key$/m);
    expect(output).toMatch(
      /^ {2}APPOINTMENT_CONFIRMED +effectively once +high +appointment.provider_id +5 s +a +7 d$/m,
    );
    expect(output).toMatch(/^retries a: after TRANSIENT 1 s, 2 s, 4 s; RATE_LIMIT 5 s, 10 s, 30 s, 60 s, 2 min;/m);
  });

  test("of the project where no mesh runs, for programs", async () => {
    const offline = await lines.run(["contracts", "-o", "json"], { cwd: join(import.meta.dirname, "../../agents") });
    const { methods, events } = JSON.parse(offline.output);
    const confirm = methods.find(({ name }: { name: string }) => name.endsWith("/ConfirmSlot"));
    expect(confirm).toMatchObject({ timeoutMs: 20_000, permission: "CONFIRM_SLOT", idempotencyKey: "idempotency_key" });
    expect(confirm.retries.TRANSIENT.delaysMs).toEqual([200, 1_000]);
    expect(confirm.retries, "a call never retries a defect").not.toHaveProperty("INTERNAL");
    expect(events.map(({ name }: { name: string }) => name)).toContain("APPOINTMENT_CONFIRMED");
  });
});

describe("up", () => {
  test("tells others in its state folder where it is", async () => {
    const file = JSON.parse(await readFile(join(state, "mesh.json"), "utf8"));
    expect(file).toMatchObject({ pid: mesh.process.pid, url, operatorUrl: expect.stringMatching(/^http:/) });
    expect(file.natsUrl).toMatch(/^nats:/);
  });

  test("a second one on the same state folder is refused, and leaves the first alone", async () => {
    const { code, errors } = await parley("up", "--port", "0");
    expect(code).toBe(1);
    expect(errors).toContain(
      `a mesh already runs on the state folder "${state}", as process ${mesh.process.pid} at ${url}`,
    );
    expect((await parley("call", "ListProviders")).code).toBe(0);
  });

  test("a taken port is said, and how to take another", async () => {
    const other = await mkdtemp(join(tmpdir(), "parley-port-"));
    const { code, errors } = await lines.run(["up", "--port", new URL(url).port, "--state", other]);
    await rm(other, { recursive: true });
    expect(code).toBe(1);
    expect(errors).toMatch(/the public door cannot be opened: .*\nChoose another with --port or PARLEY_PORT/);
  });
});

test.each(["call", "publish", "tail"])(
  "%s says where it looked when no mesh runs, and what to start",
  async (command) => {
    const nowhere = join(state, "nowhere");
    const { code, errors } = await lines.run([command, "NAME", "{}"], { env: { PARLEY_STATE: nowhere } });
    expect(code).toBe(1);
    expect(errors).toContain(`no running mesh found: "${join(nowhere, "mesh.json")}" does not exist`);
    expect(errors).toContain("parley up");
  },
);

test("lint tells with file and line what a contract lacks", async () => {
  const folder = join(state, "contracts");
  await mkdir(folder, { recursive: true });
  const messages = "message DoRequest {}\nmessage DoResponse {}\n";
  const service = "service AService { rpc Do(DoRequest) returns (DoResponse); }\n";
  await writeFile(join(folder, "a.proto"), `syntax = "proto3";\npackage a.v1;\n${service}${messages}`);
  const { code, output, errors } = await lines.run(["lint", folder]);
  expect({ code, errors }).toEqual({ code: 1, errors: "" });
  expect(output).toMatch(/^a.proto:3:\d+: service-agent: /m);
  expect(await lines.run(["lint", join(state, "nowhere")])).toMatchObject({
    code: 1,
    errors: expect.stringContaining("there is no folder"),
  });
});

test("every command tells of itself with examples", async () => {
  for (const command of ["up", "call", "publish", "tail", "contracts", "lint"]) {
    const { code, output } = await lines.run([command, "--help"]);
    expect(code, command).toBe(0);
    expect(output, command).toMatch(/^Examples:\n {2}parley /m);
  }
});

describe("agents", () => {
  test("lists who is there by what is looked for, as a table and as JSON [R48]", async () => {
    const { code, output } = await parley("agents", "list");
    expect(code).toBe(0);
    const [head = "", ...rows] = output.trimEnd().split("\n");
    expect(head).toMatch(/^AGENT +INSTANCE +STATUS +ENDPOINT/);
    expect(rows.map((row) => row.split(/ +/)[0])).toContain("scheduling.user");
    expect(rows.every((row) => / ready +http:/.test(row))).toBe(true);
    const found = JSON.parse((await parley("agents", "list", "--service", userService, "-o", "json")).output);
    expect(found).toMatchObject([
      { profile: { name: "scheduling.user" }, health: { status: "HEALTH_STATUS_HEALTHY" } },
    ]);
    expect(await parley("agents", "list", "--capability", "telepathy")).toMatchObject({
      code: 0,
      output: "no such instance is there\n",
    });
  });

  test("shows all that is known of one, and says who there is where none is called so", async () => {
    const { output } = await parley("agents", "show", "scheduling.user");
    expect(output).toMatch(/^scheduling\.user {2}\S+\n/);
    expect(output).toMatch(/^serves +parley\.scheduling\.v1\.UserAgentService$/m);
    expect(output).toMatch(/^health +healthy$/m);
    const { code, errors } = await parley("agents", "show", "nobody");
    expect(code).toBe(1);
    expect(errors).toMatch(/^parley: no agent and no instance is called "nobody"\nThere are .*scheduling\.user/);
  });

  test("shows who is there when a watch begins", async () => {
    await using watching = start("agents", "watch", "--name", "scheduling.user", "-o", "json");
    const [line] = await watching.shows(/^\{.*\}$/m);
    expect(JSON.parse(line)).toMatchObject({ change: "PRESENT", instance: { profile: { name: "scheduling.user" } } });
  });
});

test("commands dispatch has a method run that needs a permission, as the example in its help says", async () => {
  const help = (await parley("commands", "dispatch", "--help")).output;
  const [, method = "", request = ""] = /parley commands dispatch (\S+) '(.*)'/.exec(help) ?? [];
  const dispatched = await parley("commands", "dispatch", method, request, "-o", "json");
  expect(dispatched).toMatchObject({ code: 0, errors: "" });
  const watched = await parley("commands", "watch", JSON.parse(dispatched.output).id);
  expect(watched).toMatchObject({ code: 0, output: expect.stringMatching(/DONE\n$/) });
});

describe("overlay", () => {
  const method = "ProviderAgentService/ListProviders";

  test("overrides policy until it is taken away, and contracts show it [R33]", async () => {
    const wish = ["--timeout", "7s", "--retry", "1s,2s", "--for", "1h", "--author", "ada", "--reason", "a slow night"];
    const set = await parley("overlay", "set", method, ...wish);
    expect(set.output).toMatch(/timeout 7 s; retries 1 s, 2 s +\S+Z +ada +a slow night/);
    const shown = (await parley("contracts")).output;
    expect(shown).toMatch(/^ {2}ListProviders \* +7 s +1 s, 2 s /m);
    expect(shown).toMatch(
      /^\* parley\.scheduling\.v1\.ProviderAgentService\/ListProviders is overridden until .*a slow night/m,
    );
    const { methods } = JSON.parse((await parley("contracts", "-o", "json")).output);
    expect(methods.find(({ name = "" }) => name.endsWith(method))).toMatchObject({
      timeoutMs: 7_000,
      overlay: { author: "ada" },
    });
    expect(JSON.parse((await parley("overlay", "list", "-o", "json")).output)).toMatchObject([
      { reason: "a slow night" },
    ]);
    const removed = await parley("overlay", "remove", method);
    expect(removed).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^removed: .*ListProviders is no longer overridden/),
    });
    expect((await parley("overlay", "list")).output).toBe("no method is overridden\n");
  });

  test("says what is wrong with nonsense, and where there is nothing to take away", async () => {
    const nothing = await parley("overlay", "set", method, "--for", "1h", "--reason", "none");
    expect(nothing).toMatchObject({ code: 1, output: "" });
    expect(nothing.errors).toMatch(/^parley: INVALID_MESSAGE .*\n {2}overlay: sets nothing/);
    const long = await parley("overlay", "set", method, "--timeout", "2h", "--for", "1h", "--reason", "long");
    expect(long.errors).toContain("is longer than 600000 ms");
    expect((await parley("overlay", "remove", method)).errors).toMatch(/^parley: NOT_FOUND no overlay of /);
  });
});

const userService = "parley.scheduling.v1.UserAgentService";
