// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { headers, type Msg } from "@nats-io/transport-node";
import { expect, inject, test } from "vitest";
import { openLink } from "../../../test/crash/link.ts";
import { Movement } from "../testing/movement.ts";
import { answersOf } from "./answers.ts";
import { tryAppend } from "./append-answer.ts";
import { type Broker, connectBroker } from "./connection.ts";

const question = (subject: string, text = "") => ({
  subject,
  payload: new TextEncoder().encode(text),
  headers: headers(),
});

/** Somebody who hears and never answers, and the question that was heard. */
async function silent(broker: Broker): Promise<{ readonly subject: string; readonly heard: Promise<void> }> {
  const subject = `silent.${Math.random().toString(36).slice(2)}`;
  const { promise, resolve } = Promise.withResolvers<void>();
  broker.connection.subscribe(subject, { callback: () => resolve() });
  await broker.connection.flush();
  return { subject, heard: promise };
}

test("of many questions each gets its own answer, in whatever order they come", async () => {
  await using broker = await connectBroker({ url: inject("natsUrl"), name: "answers" });
  const subject = `echo.${Math.random().toString(36).slice(2)}`;
  const held: (() => void)[] = [];
  broker.connection.subscribe(subject, {
    callback: (_, message) => void held.push(() => message.respond(message.data)),
  });
  const texts = Array.from({ length: 100 }, (_, index) => `q${index}`);
  const asked = texts.map((text) => answersOf(broker).ask(question(subject, text)));
  while (held.length < texts.length) await broker.connection.flush();
  for (const respond of held.toReversed()) respond();
  expect((await Promise.all(asked)).map((answer) => answer.string())).toEqual(texts);
});

test("what no stream takes is told at once, and may be stored later", async () => {
  await using broker = await connectBroker({ url: inject("natsUrl"), name: "answers" });
  expect(await tryAppend(broker, question("nobody.takes.this"))).toMatchObject({ kind: "busy" });
});

test("a question is given up soon after its connection was lost and found again; the next one is answered", async () => {
  await using link = await openLink(Number(new URL(inject("natsUrl")).port));
  await using broker = await connectBroker({ url: link.url, name: "answers" });
  const { subject, heard } = await silent(broker);
  const lost = expect(answersOf(broker).ask(question(subject))).rejects.toThrow("the connection was lost");
  await heard;
  link.cut();
  await lost;
  expect(await tryAppend(broker, question("nobody.takes.this"))).toMatchObject({ kind: "busy" });
});

test("a question that waits when its connection is closed is in doubt; one that is asked afterwards was not sent", async () => {
  const broker = await connectBroker({ url: inject("natsUrl"), name: "answers" });
  const { subject, heard } = await silent(broker);
  const waiting = tryAppend(broker, question(subject));
  await heard;
  await broker.connection.close();
  expect(await waiting).toMatchObject({ kind: "silence" });
  expect(await tryAppend(broker, question(subject))).toMatchObject({ kind: "closed" });
});

test("what is asked while the connection drains is not sent", async () => {
  const broker = await connectBroker({ url: inject("natsUrl"), name: "answers" });
  expect(await tryAppend(broker, question("nobody.takes.this"))).toMatchObject({ kind: "busy" });
  const drained = broker.connection.drain();
  expect(await tryAppend(broker, question("nobody.takes.this"))).toMatchObject({ kind: "closed" });
  await drained;
});

test("a question is under way until it is answered, for who wants to know when nothing moves any more", async () => {
  const movement = new Movement();
  await using broker = await connectBroker({ url: inject("natsUrl"), name: "answers", traffic: movement });
  const subject = `echo.${Math.random().toString(36).slice(2)}`;
  const heard = Promise.withResolvers<Msg>();
  broker.connection.subscribe(subject, { callback: (_, message) => heard.resolve(message) });
  const asked = answersOf(broker).ask(question(subject));
  const message = await heard.promise;
  expect(movement.underWay).toEqual([subject]);
  message.respond();
  await asked;
  expect(movement.underWay).toEqual([]);
});

test("a question that nobody answers is given up", async () => {
  await using broker = await connectBroker({ url: inject("natsUrl"), name: "answers" });
  const { subject } = await silent(broker);
  expect(await tryAppend(broker, question(subject))).toEqual({ kind: "silence", reason: "no answer came in time" });
});
