// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * Shows the gateway to a real browser: the page at /docs is rendered, tries operations out, and loads nothing from elsewhere;
 * a page of the gateway's own origin calls a public service by REST, Connect and gRPC-Web, and follows a stream of events.
 * Needs Chromium, Chrome or Edge on PATH, or `PARLEY_BROWSER` (Debian: apt-get install chromium), so `npm test` leaves it out.
 * Run: npm run test:browser [-- folder for pictures]
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openGateway } from "@parley/gateway";
import { defineAgent } from "@parley/mesh";
import { testMesh } from "@parley/mesh/testing";
import { providerAgent, schedulingAgent, seed, userAgent } from "@parley/scheduling";
import { Browser, findBrowser } from "./browser.ts";

const program = findBrowser();
if (program === undefined) {
  process.stderr.write("No browser found. Install Chromium or Chrome, or name one by PARLEY_BROWSER.\n");
  process.exit(1);
}
const folder = process.argv[2];
const held = ["READ_PROVIDERS", "REQUEST_APPOINTMENT", "CONFIRM_SLOT", "READ_APPOINTMENTS", "CANCEL_APPOINTMENT"];
const edge = defineAgent({ name: "gateway", permissions: held });
await using mesh = await testMesh({ agents: [userAgent(), schedulingAgent(), providerAgent(), edge] });
await seed(mesh);
const gateway = await openGateway({ host: mesh, port: 0, exposure: "PUBLIC" });
try {
  await using browser = await Browser.start(program);
  const page = await browser.page();
  const shown = async (name: string) => {
    if (folder !== undefined) await page.picture(join(folder, `${name}.png`));
  };
  const tell = (line: string) => process.stdout.write(`${line}\n`);
  const operation = (id: string) => `[id$="-${id}"]`;
  const status = (id: string) =>
    `document.querySelector('${operation(id)} .live-responses-table tbody .response-col_status')`;
  const tryOut = async (id: string) => {
    await page.click(`${operation(id)} .opblock-summary-control`);
    await page.click(`${operation(id)} .try-out__btn`);
    await page.click(`${operation(id)} .execute`);
    await page.until(status(id));
    return [
      await page.get(`${status(id)}.innerText.trim()`),
      await page.get(`document.querySelector('${operation(id)} .live-responses-table .highlight-code').innerText`),
    ];
  };

  await page.goTo(`${gateway.url}/docs`);
  await page.until("document.querySelector('.opblock')");
  const rendered = await page.get("document.querySelectorAll('.opblock').length");
  const { paths } = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as { paths: Record<string, object> };
  assert.equal(rendered, Object.values(paths).flatMap((item) => Object.keys(item)).length);
  await shown("docs");
  tell(`/docs shows all ${rendered} operations`);

  const [found, providers] = await tryOut("ProviderAgentService_ListProviders");
  assert.equal(found, "200");
  assert.match(String(providers), /Dr\. Anna Smith/);
  await shown("docs-get");
  tell("a GET is tried out: 200, with the providers");
  const [asked, offers] = await tryOut("SchedulingAgentService_RequestAppointment");
  assert.match(`${asked} ${offers}`, /^(?:200 .*"offers")/s);
  await shown("docs-post");
  tell(`a POST is tried out with its example: ${asked}`);
  assert.deepEqual(
    page.complaints.filter((text) => !/status of 404/.test(text)),
    [],
  );
  const others = page.asked.filter((url) => !url.startsWith(gateway.url) && !/^(?:data|about|blob):/.test(url));
  assert.deepEqual(others, []);
  tell("nothing was loaded from elsewhere, nothing forbidden by the page's own policy, no error");

  await page.goTo(`${gateway.url}/docs/errors`);
  assert.equal(await page.get("document.querySelector('dt#NOT_FOUND').innerText.startsWith('NOT_FOUND')"), true);
  await shown("errors");
  tell("/docs/errors explains the codes");

  const service = "/parley.scheduling.v1.ProviderAgentService/ListProviders";
  const names = "(providers) => providers.map(({ name }) => name).sort()";
  const rest = await page.get(`fetch("/api/providers").then((r) => r.json()).then((b) => (${names})(b.providers))`);
  const connect = await page.get(
    `fetch(${JSON.stringify(service)}, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })
      .then((r) => r.json()).then((b) => (${names})(b.providers))`,
  );
  assert.deepEqual(connect, rest);
  tell(`REST and Connect from a page: the same ${(rest as unknown[]).length} providers`);
  const frames = (await page.get(`(async () => {
    const response = await fetch(${JSON.stringify(service)}, {
      method: "POST",
      headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
      body: new Uint8Array(5),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const view = new DataView(bytes.buffer);
    const frames = [];
    for (let at = 0; at < bytes.length; ) {
      const length = view.getUint32(at + 1);
      frames.push([bytes[at], new TextDecoder().decode(bytes.subarray(at + 5, at + 5 + length))]);
      at += 5 + length;
    }
    return frames;
  })()`)) as readonly (readonly [flags: number, text: string])[];
  assert.match(frames[0]?.[1] ?? "", /Dr\. Anna Smith/);
  assert.equal(frames.at(-1)?.[0], 0x80);
  assert.match(frames.at(-1)?.[1] ?? "", /grpc-status: 0/);
  tell("gRPC-Web from a page: a message, and trailers with status 0");

  await page.get(`(() => {
    window.told = [];
    const stream = new EventSource("/api/users/browser-user/notifications:watch");
    stream.onmessage = ({ data }) => window.told.push(JSON.parse(data));
    return new Promise((resolve, reject) => { stream.onopen = () => resolve(null); stream.onerror = reject; });
  })()`);
  const say = (body: object) =>
    page.get(
      `fetch("/api/conversations", { method: "POST", headers: { "content-type": "application/json" }, body: ${JSON.stringify(JSON.stringify(body))} }).then((r) => r.json())`,
    );
  const first = await say({ user_id: "browser-user", text: "a doctor tomorrow afternoon" });
  const { conversation_id } = first as { conversation_id: string };
  await say({ user_id: "browser-user", text: "the first one", conversation_id });
  await page.until("window.told.some((one) => JSON.stringify(one).includes('confirmed'))");
  tell("a page books by conversation, and hears of it from its EventSource");
} finally {
  await gateway.drain();
}
