// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * Shows the CalDAV adapter against a real server: Radicale, from PyPI, in a virtual environment under the temporary folder.
 * Needs python3 with venv, and PyPI the first time. Run: npm run test:caldav
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as passed } from "node:timers/promises";
import { busyTimesIn, caldavCalendar, mirroring } from "@parley/scheduling";

const environment = join(tmpdir(), "parley-radicale-venv");
const radicale = join(environment, "bin", "radicale");
if (!existsSync(radicale)) {
  execFileSync("python3", ["-m", "venv", environment]);
  execFileSync(join(environment, "bin", "pip"), ["install", "-q", "radicale==3.9.0"], { stdio: "inherit" });
}

const folder = mkdtempSync(join(tmpdir(), "parley-caldav-"));
writeFileSync(join(folder, "users"), "anna:secret\n");
const port = await freePort();
const settings = [
  `--server-hosts=127.0.0.1:${port}`,
  `--storage-filesystem-folder=${join(folder, "collections")}`,
  `--auth-type=htpasswd`,
  `--auth-htpasswd-filename=${join(folder, "users")}`,
  `--auth-htpasswd-encryption=plain`,
];
const server = spawn(radicale, settings, { stdio: "ignore" });
try {
  const url = `http://127.0.0.1:${port}/anna/work/`;
  const authorization = `Basic ${Buffer.from("anna:secret").toString("base64")}`;
  await until(async () => (await fetch(url, { method: "OPTIONS", headers: { authorization } })).ok);
  const made = await fetch(url, { method: "MKCALENDAR", headers: { authorization } });
  assert.equal(made.status, 201);
  const foreign = [
    "BEGIN:VEVENT",
    "UID:lunch",
    "DTSTAMP:20260101T000000Z",
    "DTSTART:20260112T110000Z",
    "DURATION:PT1H",
  ];
  const rule = ["RRULE:FREQ=WEEKLY", "SUMMARY:Lunch", "END:VEVENT"];
  const text = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", ...foreign, ...rule, "END:VCALENDAR", ""].join("\r\n");
  const put = await fetch(`${url}lunch.ics`, { method: "PUT", body: text, headers: { authorization } });
  assert.equal(put.status, 201);

  const calendar = caldavCalendar(url, { kind: "basic", username: "anna", password: "secret" });
  const signal = AbortSignal.timeout(60_000);
  const now = Date.parse("2026-01-05T09:00:00Z");
  const within = { start: now, end: now + 366 * 86_400_000 };
  const read = () => calendar.read(within, signal);
  const busy = async () => busyTimesIn((await read()).map(({ ics }) => ics).join("\r\n"), { now, timeZone: "UTC" });
  const entry = (start: number) => ({
    ...({ id: "prov_dr_smith.AAAAAAAAAAAAAAAA", title: "doctor", status: "CONFIRMED", changedAt: now } as const),
    ...{ start, end: start + 1_800_000 },
  });
  const mirror = async (...entries: readonly ReturnType<typeof entry>[]) => {
    const { add, replace, remove } = mirroring(entries, await read());
    for (const { id, ics } of add) await calendar.change?.({ kind: "add", filename: `${id}.ics`, ics }, signal);
    for (const each of replace) await calendar.change?.({ kind: "replace", ...each }, signal);
    for (const object of remove) await calendar.change?.({ kind: "remove", object }, signal);
    return [add.length, replace.length, remove.length];
  };
  const tomorrow = now + 86_400_000;

  const first = await busy();
  assert.deepEqual(first.problems, []);
  assert.equal(first.windows[0]?.start, Date.parse("2026-01-12T11:00:00Z"));
  assert.ok(first.windows.length >= 51);
  process.stdout.write("read: a weekly lunch of the calendar is busy time\n");
  assert.deepEqual(await mirror(entry(tomorrow)), [1, 0, 0]);
  assert.deepEqual(await mirror(entry(tomorrow)), [0, 0, 0]);
  process.stdout.write("written: an appointment, once\n");
  assert.deepEqual(await mirror(entry(tomorrow + 3_600_000)), [0, 1, 0]);
  assert.equal((await busy()).windows.length, first.windows.length);
  process.stdout.write("moved: the same entry at its new time, and no busy time of its own\n");
  const [stale] = (await read()).filter(({ ics }) => ics.includes("@appointments.parley"));
  assert.ok(stale);
  await mirror(entry(tomorrow));
  await assert.rejects(
    async () => calendar.change?.({ kind: "replace", object: stale, ics: stale.ics }, signal),
    /412/,
  );
  process.stdout.write("refused: a change of an entry that somebody else has changed meanwhile\n");
  assert.deepEqual(await mirror(), [0, 0, 1]);
  assert.equal((await read()).length, 1);
  process.stdout.write("removed: the appointment, and nothing else\n");
  const wrong = caldavCalendar(url, { kind: "basic", username: "anna", password: "wrong" });
  await assert.rejects(() => wrong.read(within, signal));
  process.stdout.write("refused: a wrong password\n");
} finally {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const listening = createServer();
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = listening.address();
  await new Promise<void>((resolve) => listening.close(() => resolve()));
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    if (await condition().catch(() => false)) return;
    await passed(100);
  }
  throw new Error("the CalDAV server did not come up within 20 s");
}
