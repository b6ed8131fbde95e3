// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { EmailService, PhoneService, SmsService } from "@parley/contracts/parley/mailroom/v1/mailroom_pb.js";
import { type Command, CommandService, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import { DeadLetterService } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { defineAgent, type Host, host } from "@parley/mesh";
import { startServer } from "@parley/mesh/broker";
import { operatorAgent } from "@parley/mesh/operator";
import { type Account, accountsOf, commandsOf } from "./account.ts";
import { OutsideWorld } from "./outside-world.ts";
import { WorkerPool } from "./worker-pool.ts";

/** What came of the story, for whoever shows or checks it. */
export interface Outcome {
  readonly accounts: readonly Account[];
  /** Mails, calls and messages that really went out. */
  readonly effects: number;
  /** Requests for them that the outside knew as repeats. */
  readonly repeats: number;
  readonly table: readonly (readonly string[])[];
  readonly notes: readonly string[];
  /** Everything accepted is accounted for, and went out once. */
  readonly isWell: boolean;
}

const office = "mailroom.office";
const workers = 3;

/**
 * A pool of workers, one of them killed; a mail server that is down for a while; people who do not answer the phone; letters
 * that nobody can deliver until an operator mends them. All of it on a real broker and in real processes. `tell` is given a
 * line for each thing that happens.
 */
export async function story(tell: (line: string) => void): Promise<Outcome> {
  await using opened = new AsyncDisposableStack();
  const storeDir = await mkdtemp(join(tmpdir(), "parley-delivery-"));
  opened.defer(() => rm(storeDir, { recursive: true, force: true }));
  const server = opened.use(await startServer({ storeDir }));
  const world = opened.use(await OutsideWorld.open());
  const operator = operatorAgent();
  const mesh = opened.use(
    await host({ agents: [operator.agent, defineAgent({ name: office })], broker: server.url, namespace: "parley" }),
  );
  operator.attach(mesh);
  const env = { PARLEY_NATS_URL: server.url, MAILROOM_OUTSIDE: world.url };
  const pool = opened.use(await WorkerPool.open(workers, env));
  tell(`${workers} workers are ready`);

  const told = new Story(mesh, tell);
  await told.sendLetters(world);
  await wait(500);
  const inHand = (await told.commands()).filter(({ state }) => state === CommandState.RUNNING).length;
  const pid = await pool.kill();
  tell(`worker ${pid} is killed; the pool was running ${inHand} commands`);
  await told.makeCalls(world);
  world.mailIsDown = true;
  tell("the mail server goes down");
  await wait(3_500);
  world.mailIsDown = false;
  tell(
    `the mail server is back; it turned away ${world.turnedAway} requests before the breakers opened, and probes since`,
  );
  await told.settled();
  const calls = (await told.accounts()).find(({ method }) => method === "MakeCall");
  tell(`${calls?.handedOn ?? 0} calls reached nobody: text messages took their place`);
  await told.mend(world);
  await told.settled();
  const repeats = world.effects.reduce((sum, { asked }) => sum + asked - 1, 0);
  return outcomeOf(await told.accounts(), world.effects.length, repeats);
}

function outcomeOf(accounts: readonly Account[], effects: number, repeats: number): Outcome {
  const sum = (of: (account: Account) => number) => accounts.reduce((total, account) => total + of(account), 0);
  const done = sum((account) => account.done);
  const row = (name: string, numbers: readonly number[]) => [name, ...numbers.map(String)];
  return {
    accounts,
    effects,
    repeats,
    table: [
      ["", "accepted", "= done", "+ taken over", "+ dead", "+ waiting"],
      ...accounts.map(({ method, accepted, done: of, handedOn, dead, waiting }) =>
        row(method, [accepted, of, handedOn, dead, waiting]),
      ),
      row("together", [
        sum(({ accepted }) => accepted),
        done,
        sum(({ handedOn }) => handedOn),
        sum(({ dead }) => dead),
        sum(({ waiting }) => waiting),
      ]),
    ],
    notes: [
      `outside, ${effects} mails, calls and messages really went out, one for each that is done;`,
      `${repeats} requests for them were repeats after the crash, known there by their idempotency key`,
    ],
    isWell:
      effects === done && accounts.every((one) => one.accepted === one.done + one.handedOn + one.dead + one.waiting),
  };
}

/** What the office sends, and what it does about what comes back. */
class Story {
  readonly #mesh: Host;
  readonly #tell: (line: string) => void;

  constructor(mesh: Host, tell: (line: string) => void) {
    this.#mesh = mesh;
    this.#tell = tell;
  }

  /** Mails and text messages as batches, each stored whole or not at all, and a mail for tomorrow. */
  async sendLetters(world: OutsideWorld): Promise<void> {
    world.unknown.add("ada@exmaple.org").add("bob@new.example.org");
    const addresses = [...world.unknown, ...Array.from({ length: 58 }, (_, index) => `person${index + 1}@example.org`)];
    const mails = addresses.map((to, index) => ({ reference: `mail-${index + 1}`, to, text: "Your parcel is here." }));
    const messages = numbers(4).map((number, index) => ({
      reference: `sms-${index + 1}`,
      number,
      text: "See you tomorrow.",
    }));
    await this.#mesh.dispatchAll(EmailService.method.sendEmail, mails, { source: office });
    await this.#mesh.dispatchAll(SmsService.method.sendSms, messages, { source: office });
    const at = new Date(Date.now() + 86_400_000);
    const reminder = { reference: "reminder", to: "person1@example.org", text: "Still here." };
    await this.#mesh.dispatch(EmailService.method.sendEmail, reminder, { source: office, at });
    this.#tell(`${mails.length} mails and ${messages.length} text messages are dispatched, and a mail for tomorrow`);
  }

  /** Calls, some of which nobody will answer. */
  async makeCalls(world: OutsideWorld): Promise<void> {
    world.silent.add("+41 2").add("+41 5");
    const calls = numbers(8).map((number, index) => ({
      reference: `call-${index + 1}`,
      number,
      text: "Your parcel is here.",
    }));
    await this.#mesh.dispatchAll(PhoneService.method.makeCall, calls, { source: office });
    this.#tell(`${calls.length} calls are dispatched`);
  }

  /** All commands of the three agents, those that took others' places included. */
  commands(): Promise<readonly Command[]> {
    return commandsOf(this.#mesh.client(CommandService), ["mailroom.email", "mailroom.phone", "mailroom.sms"]);
  }

  /** What became of them so far. */
  async accounts(): Promise<readonly Account[]> {
    const { deadLetters } = await this.#mesh.client(DeadLetterService).listDeadLetters({});
    return accountsOf(await this.commands(), new Set(deadLetters.map(({ id }) => id)));
  }

  /** Resolves when all is done or given up that is due. */
  async settled(): Promise<void> {
    for (;;) {
      const open = (await this.commands()).filter(({ state }) => moving.has(state));
      if (open.length === 0) return;
      await wait(250);
    }
  }

  /** An operator looks at the dead letters: corrects one, and redrives the rest when the reason is gone. */
  async mend(world: OutsideWorld): Promise<void> {
    const service = this.#mesh.client(DeadLetterService);
    const { deadLetters } = await service.listDeadLetters({});
    for (const { id, type, error } of deadLetters) {
      this.#tell(`dead letter ${id.slice(0, 8)} of ${type.split("/").at(-1)}: ${error?.code} ${error?.message}`);
    }
    for (const { id } of deadLetters) {
      const { json } = await service.getDeadLetter({ id });
      if (!json.includes("exmaple")) continue;
      await service.redriveDeadLetter({ id, json: json.replace("exmaple", "example"), author: "operator" });
      this.#tell(`${id.slice(0, 8)} is corrected and redriven under a new id`);
    }
    world.unknown.clear();
    const filter = { agent: "mailroom.email" };
    for await (const { progress } of service.redriveDeadLetters({ filter, perSecond: 10, author: "operator" })) {
      if (progress?.finished) this.#tell(`the mail server knows the other address now: ${progress.done} redriven`);
    }
  }
}

const moving: ReadonlySet<CommandState> = new Set([CommandState.ACCEPTED, CommandState.RUNNING, CommandState.RETRYING]);

function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `+41 ${index + 1}`);
}
