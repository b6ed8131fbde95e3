// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Client } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountAgent, auditAgent, counts } from "../agents/account-agent.ts";
import { AccountDepositedSchema, AccountService, AccountTransferredSchema } from "../gen/parley/test/v1/account_pb.js";

describe("a commit", () => {
  let mesh: TestMesh;
  let bank: Client<typeof AccountService>;

  beforeAll(async () => {
    mesh = await testMesh({ agents: [accountAgent, auditAgent] });
    bank = mesh.client(AccountService);
  });
  afterAll(() => mesh.drain());

  test("keeps state and announces it in one", async () => {
    await expect(bank.deposit({ account: "ann", amount: 5n })).resolves.toMatchObject({ balance: 5n });
    await expect(bank.deposit({ account: "ann", amount: 2n })).resolves.toMatchObject({ balance: 7n });
    await expect(bank.getBalance({ account: "ann" })).resolves.toMatchObject({ balance: 7n });
    await expect(mesh.heard(AccountDepositedSchema, { account: "ann", amount: 2n })).resolves.toBeDefined();
  });

  test("is atomic over two keys, with what it publishes [R29]", async () => {
    await bank.deposit({ account: "bob", amount: 10n });
    await expect(bank.transfer({ from: "bob", to: "cleo", amount: 4n })).resolves.toMatchObject({ done: true });
    await expect(bank.getBalance({ account: "bob" })).resolves.toMatchObject({ balance: 6n });
    await expect(bank.getBalance({ account: "cleo" })).resolves.toMatchObject({ balance: 4n });
    await expect(mesh.heard(AccountTransferredSchema, { from: "bob" })).resolves.toMatchObject({ to: "cleo" });
    await expect(bank.transfer({ from: "bob", to: "cleo", amount: 40n })).resolves.toMatchObject({ done: false });
    await expect(bank.getBalance({ account: "cleo" })).resolves.toMatchObject({ balance: 4n });
  });

  test("gives what it announces and what it publishes the header that any event has [R05]", async () => {
    const source = "test.audit";
    const client = mesh.client(AccountService, { source, conversationId: "c-commit" });
    await client.deposit({ account: "jim", amount: 10n });
    await client.transfer({ from: "jim", to: "kay", amount: 4n });
    const names = ["ACCOUNT_DEPOSITED", "ACCOUNT_TRANSFERRED"];
    const headers = mesh.observed.flatMap(({ kind, header }) =>
      kind === "published" && header.conversationId === "c-commit" ? [header] : [],
    );
    expect(headers.map(({ name }) => name).sort()).toEqual([names[0], names[0], names[1]]);
    for (const header of headers) {
      const call = mesh.observed.find(({ header: { messageId } }) => messageId === header.causationId);
      expect(call).toMatchObject({ kind: "called", header: { sourceAgentId: source } });
      expect(header).toMatchObject({
        correlationId: call?.header.correlationId,
        sourceAgentId: "test.account",
        messageType: expect.stringMatching(/^parley\.test\.v1\.Account/),
        priority: "MEDIUM",
        timestamp: mesh.clock.now(),
        attempt: 1,
        hops: 1,
      });
    }
  });

  test("gives a repeat with the same idempotency key the very same answer and no second effect [R29]", async () => {
    const request = { account: "dora", amount: 3n, requestId: "r-1" };
    await expect(bank.deposit(request)).resolves.toMatchObject({ balance: 3n });
    await bank.deposit({ account: "dora", amount: 1n });
    await expect(bank.deposit(request)).resolves.toMatchObject({ balance: 3n });
    await expect(bank.getBalance({ account: "dora" })).resolves.toMatchObject({ balance: 4n });
  });

  test("refuses another request under a key that was used, instead of answering for the first one", async () => {
    await bank.deposit({ account: "ida", amount: 3n, requestId: "r-9" });
    const other = bank.deposit({ account: "ida", amount: 4n, requestId: "r-9" });
    await expect(other).rejects.toMatchObject({ code: "MESSAGE_ID_REUSED" });
    await expect(bank.getBalance({ account: "ida" })).resolves.toMatchObject({ balance: 3n });
  });

  test("remembers even a refusal that stored no state, when it was asked with an idempotency key", async () => {
    const request = { from: "eve", to: "fay", amount: 1n, requestId: "r-2" };
    await expect(bank.transfer(request)).resolves.toMatchObject({ done: false });
    await bank.deposit({ account: "eve", amount: 9n });
    await expect(bank.transfer(request)).resolves.toMatchObject({ done: false });
    await expect(bank.transfer({ ...request, requestId: "r-3" })).resolves.toMatchObject({ done: true });
  });

  test("lets sixty writers of one key in this process all in, each once", async () => {
    const balances = await Promise.all(
      Array.from({ length: 60 }, async () => (await bank.deposit({ account: "gus", amount: 1n })).balance),
    );
    expect(new Set(balances).size).toBe(60);
  });

  test("is heard effectively once by an agent that commits", async () => {
    await bank.deposit({ account: "hal", amount: 1n });
    await bank.deposit({ account: "hal", amount: 1n });
    await mesh.settled();
    const count = await mesh.load(counts.at("hal"));
    expect(count).toBe(2);
  });
});
