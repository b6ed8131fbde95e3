// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Gateway, openGateway } from "@parley/gateway";
import { defineAgent } from "@parley/mesh";
import { httpBindings } from "@parley/mesh/contracts";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { providerAgent, schedulingAgent, seed, userAgent } from "@parley/scheduling";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { thingAgent } from "../agents/thing-agent.ts";

const run = promisify(execFile);
// The generator and the compiler that it needs are installed here.
const modules = join(import.meta.dirname, "node_modules");

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly components: { readonly schemas: Record<string, Record<string, unknown>> };
}

interface Body {
  readonly example?: unknown;
  readonly schema: { readonly properties?: Record<string, unknown> };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly responses: { readonly "200": { readonly content: { readonly "application/json": Body } } };
  readonly parameters: readonly { readonly name?: string; readonly required?: boolean; readonly schema?: unknown }[];
  readonly requestBody?: { readonly content: { readonly "application/json": Body } };
}

interface Answered {
  readonly offers: readonly object[];
}

/** Contracts with their comments, as whoever wrote them compiles them. */
async function compiled(folder: string): Promise<Uint8Array> {
  const root = join(import.meta.dirname, "../..");
  const parameters = ["build", folder, "--exclude-imports", "--as-file-descriptor-set", "--output", "-"];
  const { stdout } = await run(join(root, "node_modules/.bin/buf"), parameters, { cwd: root, encoding: "buffer" });
  return stdout;
}

/** The description of the REST surface, as others' tools see it. */
describe("the OpenAPI document", () => {
  let mesh: TestMesh;
  let gateway: Gateway;
  let document: Document;

  beforeAll(async () => {
    const held = ["READ_PROVIDERS", "REQUEST_APPOINTMENT", "CONFIRM_SLOT", "READ_APPOINTMENTS", "CANCEL_APPOINTMENT"];
    const edge = defineAgent({ name: "gateway", permissions: held });
    mesh = await testMesh({ agents: [userAgent(), schedulingAgent(), providerAgent(), thingAgent(), edge] });
    await seed(mesh);
    gateway = await openGateway({
      host: mesh,
      port: 0,
      exposure: "PUBLIC",
      comments: [await compiled("test/contracts")],
    });
    document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as Document;
  });

  afterAll(async () => {
    await gateway.drain();
    await mesh.drain();
  });

  test("is valid OpenAPI 3.1, by a stock validator", async () => {
    const validator = new Validator();
    expect(await validator.validate({ ...document })).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  test("makes a client that type-checks, and that books and cancels at the running gateway", async () => {
    const folder = mkdtempSync(join(modules, ".client-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    writeFileSync(join(folder, "openapi.json"), JSON.stringify(document));
    copyFileSync(join(import.meta.dirname, "client/book.ts"), join(folder, "book.ts"));
    const node = (script: string, ...parameters: string[]) =>
      run(process.execPath, [join(modules, script), ...parameters], { cwd: folder });
    await node("openapi-typescript/bin/cli.js", "openapi.json", "--output", "schema.d.ts");
    const options = ["--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2023"];
    const failed = (error: { stdout: string }) => Promise.reject(new Error(error.stdout));
    await node("typescript/bin/tsc", ...options, "--types", "node", "book.ts").catch(failed);
    const { stdout } = await run(process.execPath, ["book.js", gateway.url], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual({
      names: expect.arrayContaining(["Dr. Anna Smith"]),
      same: true,
      status: "APPOINTMENT_STATUS_CONFIRMED",
      cancelled: "APPOINTMENT_STATUS_CANCELLED_BY_USER",
      unknown: [404, "NOT_FOUND"],
      refused: [400, ["user_id", "user_id"]],
    });
  });

  test("can have every public method of scheduling: each has a path", () => {
    const services = mesh.contracts.services.filter(({ file }) => file.proto.package === "parley.scheduling.v1");
    const methods = services.flatMap(({ methods: all }) => all.map((desc) => mesh.contracts.method(desc)));
    const reachable = methods.filter(({ exposure }) => exposure === "PUBLIC");
    expect(reachable.length).toBeGreaterThan(8);
    for (const { desc, name } of reachable) expect(httpBindings(desc), `${name} needs a path`).not.toEqual([]);
  });

  test("says what the rules of the contract ask for", () => {
    const { schemas } = document.components;
    expect(schemas["parley.scheduling.v1.RequestAppointmentRequest-input"]).toMatchObject({
      required: ["user_id", "service_type"],
      additionalProperties: false,
      properties: {
        user_id: { type: "string", minLength: 1, maxLength: 128 },
        service_type: { pattern: "^[a-z0-9][a-z0-9_-]{0,39}$" },
        desired_duration_minutes: { type: "integer", minimum: 0, maximum: 480 },
        preferred_provider_ids: { type: "array", maxItems: 20 },
      },
    });
    expect(schemas["parley.scheduling.v1.WeekDays-input"]).toMatchObject({
      properties: { days: { minItems: 1, maxItems: 7, uniqueItems: true, items: { type: "string" } } },
    });
    const days = JSON.stringify(schemas["parley.scheduling.v1.WeekDays-input"]);
    expect(days).not.toContain("DAY_OF_WEEK_UNSPECIFIED");
    expect(schemas["parley.scheduling.v1.ConfirmSlotRequest-input"]?.["description"]).toContain(
      "end_time must be after start_time.",
    );
    // As a keyword it would speak of a number, which JSON does not have here.
    const natural = schemas["parley.test.v1.Thing-input"]?.["properties"] as Record<string, object>;
    expect(natural["natural"]).toEqual({
      ...{ type: "string", format: "uint64", pattern: "^[0-9]+$" },
      description: '64 bits, none below zero.\n\nat most "18446744073709551615".',
    });
  });

  test("says what the authors of the contracts say in comments: Parley's own, and others' from their compiled contracts", () => {
    const request = document.paths["/api/appointments:request"]?.["post"];
    expect(request?.summary).toBe("Asks every provider of the service for free times and offers the best");
    expect(request?.description).toMatch(
      /No free time is an answer without offers.*\n\n`parley\.scheduling.*At most 10 s/s,
    );
    const { schemas } = document.components;
    const wish = schemas["parley.scheduling.v1.TimePreference-input"]?.["properties"];
    expect(wish).toMatchObject({ specific: { description: "At this time." } });
    expect(JSON.stringify(schemas["parley.scheduling.v1.Appointment"])).toContain("- `APPOINTMENT_STATUS_CONFIRMED`: ");
    expect(document.tags.find(({ name }) => name.endsWith("ProviderAgentService"))?.description).toMatch(/^Keeps /);
    expect(document.tags.find(({ name }) => name.endsWith("ThingService"))?.description).toBe(
      "Gives back what it got, over REST.",
    );
  });

  test("has no field in a body that the path already gives", () => {
    const query = document.paths["/api/providers/{provider_id}:queryAvailability"]?.["post"]?.requestBody;
    const { properties } = query?.content["application/json"].schema ?? {};
    expect(Object.keys(properties ?? {})).toContain("windows");
    expect(Object.keys(properties ?? {})).not.toContain("provider_id");
  });

  test("has an example of each request of scheduling", () => {
    for (const [path, item] of Object.entries(document.paths).filter(([one]) => one.startsWith("/api/"))) {
      for (const { requestBody } of Object.values(item)) {
        if (requestBody !== undefined) expect(requestBody.content["application/json"].example, path).toBeDefined();
      }
    }
  });

  test("has examples that work where contracts give them, and one of each answer", async () => {
    const { requestBody, responses } = document.paths["/api/appointments:request"]?.["post"] ?? {};
    const example = requestBody?.content["application/json"].example;
    expect(example).toMatchObject({ user_id: "user123", service_type: "doctor" });
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(example) };
    const answer = (await (await fetch(`${gateway.url}/api/appointments:request`, init)).json()) as Answered;
    const shown = responses?.["200"].content["application/json"].example as Answered;
    expect(Object.keys(shown.offers[0] ?? {})).toEqual(expect.arrayContaining(Object.keys(answer.offers[0] ?? {})));
    for (const item of Object.values(document.paths)) {
      for (const { operationId, responses: given } of Object.values(item)) {
        const body = given["200"].content["application/json"] as Body | undefined;
        if (body !== undefined) expect(body.example, operationId).toBeDefined();
      }
    }
  });

  test("has a parameter for each wildcard of a path, and one for each field that a query can give", () => {
    const update = document.paths["/v1/shelves/{inner.text_1}/things/{inner.text_2}"]?.["patch"];
    expect(update?.parameters).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "inner.text_1", required: true }),
        expect.objectContaining({
          name: "large",
          schema: expect.objectContaining({ type: "string", format: "int64" }),
        }),
        expect.objectContaining({ name: "numbers", schema: expect.objectContaining({ type: "array" }) }),
      ]),
    );
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(["/v1/files/{text}", "/v1/things/{text}:archive"]),
    );
  });

  test("can be read by people, on a page that loads nothing from elsewhere", async () => {
    const page = await fetch(`${gateway.url}/docs`);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'");
    const html = await page.text();
    expect(html).not.toMatch(/https?:|<script>|style=/);
    const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
    expect(files).toHaveLength(3);
    for (const path of files) {
      const response = await fetch(gateway.url + path);
      expect(response.status, path).toBe(200);
      expect(response.headers.get("content-type"), path).toMatch(/^text\/(css|javascript)/);
      expect((await response.text()).length).toBeGreaterThan(50);
    }
    expect((await fetch(`${gateway.url}/docs/../package.json`)).status).toBe(404);
    expect((await fetch(`${gateway.url}/docs/swagger-ui.js`)).status).toBe(404);
  });

  test("explains every error on the page that problems name", async () => {
    const { type } = (await (await fetch(`${gateway.url}/v1/nothing`)).json()) as { type: string };
    const [path, code] = type.split("#");
    expect(await (await fetch(gateway.url + path)).text()).toContain(`<dt id="${code}">`);
  });
});
