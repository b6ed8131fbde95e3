// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MeshError } from "../mesh-error.ts";
import { connectBroker } from "./connection.ts";
import { freePort } from "./free-port.ts";
import { openBroker } from "./open-broker.ts";
import { startServer } from "./server.ts";
import { findServerBinary } from "./server-binary.ts";
import { superviseServer } from "./supervisor.ts";
import { contentOf, happened, openTestBroker, textMessage } from "./testdata/test-broker.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-server-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a server that was killed comes back on the same port with everything that was acknowledged", async () => {
  await using server = await startServer({ storeDir: folder });
  await using mesh = await openTestBroker(server.url);
  const { subjects, appender, names, broker } = mesh;
  for (const id of ["m1", "m2", "m3"]) await appender.append(textMessage(subjects.outgoingEvent(happened, "k"), id));
  const first = server.pid;
  await server.kill();
  expect(isAlive(first)).toBe(false);
  await server.restart();
  expect(server.pid).not.toBe(first);
  await appender.append(textMessage(subjects.outgoingEvent(happened, "k"), "m4"));
  const texts = (await contentOf(broker, names.events, 4)).map(([, text]) => text);
  expect(texts).toEqual(["m1", "m2", "m3", "m4"]);
});

test("an append that meets a dead broker is stored once when the broker is back", async () => {
  await using server = await startServer({ storeDir: folder });
  await using mesh = await openTestBroker(server.url);
  const { subjects, appender, names, broker } = mesh;
  await server.kill();
  const pending = Promise.all(
    ["m1", "m2", "m3"].map((id) => appender.append(textMessage(subjects.outgoingEvent(happened, "k"), id))),
  );
  await server.restart();
  expect((await pending).map(({ sequence }) => sequence).sort()).toEqual([1, 2, 3]);
  expect(await contentOf(broker, names.events, 3)).toHaveLength(3);
});

test("a stopped server is gone, and stopping again does nothing", async () => {
  const server = await startServer({ storeDir: folder });
  const { pid } = server;
  await server.stop();
  expect(isAlive(pid)).toBe(false);
  await server.stop();
});

test("a port that is taken is an error that shows the end of the log", async () => {
  await using first = await startServer({ storeDir: join(folder, "a") });
  const second = startServer({ storeDir: join(folder, "b"), port: first.port });
  // Something answers on that port, only it is not this server.
  await expect(second).rejects.toMatchObject({
    code: "BROKER_UNAVAILABLE",
    message: expect.stringContaining("in use"),
  });
});

test("a configuration that the server refuses is an error that says why", async () => {
  const started = startServer({ storeDir: folder, config: "no_such_setting: 1" });
  await expect(started).rejects.toMatchObject({
    code: "BROKER_UNAVAILABLE",
    message: expect.stringContaining("no_such_setting"),
  });
});

test("a program that ends at once is an error that says what it complained about", async () => {
  const binary = join(folder, "nats-server");
  await writeFile(binary, "#!/bin/sh\necho 'library missing' >&2\nexit 1\n");
  await chmod(binary, 0o755);
  await expect(startServer({ storeDir: folder, binary })).rejects.toThrow(/library missing/);
});

test("a broker below the floor is refused", async () => {
  // Only what it says about itself on connecting counts here: a server of that age is not to be had everywhere.
  const old = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(
      'INFO {"server_id":"old","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576,"jetstream":true}\r\n',
    );
    socket.on("data", (data) => {
      if (data.includes("PING")) socket.write("PONG\r\n");
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => old.listen(port, "127.0.0.1", resolve));
  const connected = connectBroker({ url: `nats://127.0.0.1:${port}`, name: "test" });
  await expect(connected).rejects.toMatchObject({
    code: "BROKER_UNSUITABLE",
    message: expect.stringContaining("2.9.10"),
  });
  old.close();
});

test("a broker without JetStream is refused", async () => {
  const port = await freePort();
  const server = await superviseServer(await findServerBinary(), ["-a", "127.0.0.1", "-p", String(port)]);
  const url = `nats://127.0.0.1:${port}`;
  const refusal = async (): Promise<unknown> => {
    const error = await connectBroker({ url, name: "test" }).catch((thrown: unknown) => thrown);
    return error instanceof MeshError && error.code === "BROKER_UNAVAILABLE" ? refusal() : error;
  };
  expect(await refusal()).toMatchObject({ code: "BROKER_UNSUITABLE", message: expect.stringContaining("JetStream") });
  server.signal("SIGTERM");
  await server.exited;
});

test("a user without JetStream is refused", async () => {
  const config = "accounts { plain { users: [{user: u, password: p}] } }, no_auth_user: u";
  await expect(startServer({ storeDir: folder, config })).rejects.toMatchObject({ code: "BROKER_UNSUITABLE" });
});

test("a broker that is not there is named, without the password in its address", async () => {
  const port = await freePort();
  const connected = connectBroker({ url: `nats://me:secret@127.0.0.1:${port}`, name: "test" });
  const error = await connected.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "BROKER_UNAVAILABLE", message: expect.stringContaining(`127.0.0.1:${port}`) });
  expect(String(error)).not.toContain("secret");
});

test("user and password come from the address", async () => {
  await using server = await startServer({
    storeDir: folder,
    config: 'accounts { A { jetstream: enabled, users: [{user: "me", password: "s%c"}] } }, no_auth_user: me',
  });
  await using broker = await connectBroker({ url: server.url.replace("//", "//me:s%25c@"), name: "test" });
  expect(broker.connection.isClosed()).toBe(false);
  const wrong = connectBroker({ url: server.url.replace("//", "//me:wrong@"), name: "test" });
  await expect(wrong).rejects.toMatchObject({
    code: "BROKER_UNAVAILABLE",
    message: expect.stringMatching(/authorization/i),
  });
});

test("PARLEY_NATS_URL is taken as it is and left running", async () => {
  await using server = await startServer({ storeDir: join(folder, "a") });
  const opened = await openBroker({ storeDir: join(folder, "b") }, { PARLEY_NATS_URL: server.url });
  expect(opened).toMatchObject({ url: server.url, started: false });
  await opened.stop();
  expect(isAlive(server.pid)).toBe(true);
});
