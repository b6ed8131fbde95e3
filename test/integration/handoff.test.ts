// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  HandoffCompletedSchema,
  HandoffReturnedSchema,
  HandoffService,
  HandoffState,
} from "@parley/contracts/parley/mesh/v1/handoff_pb.js";
import { type Client, defineAgent } from "@parley/mesh";
import { handoffAgent, type OfferedTask, onHandoff } from "@parley/mesh/handoff";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const creative = "test.creative";
const specialist = "test.specialist";

describe("a handoff", () => {
  const seen: OfferedTask[] = [];
  let take: (offered: OfferedTask) => Promise<void>;
  let mesh: TestMesh;
  let desk: (agent: string) => Client<typeof HandoffService>;

  beforeEach(async () => {
    seen.length = 0;
    take = async () => {};
    const hears = (name: string) =>
      onHandoff(name, { name: "take" }, async (offered) => {
        seen.push(offered);
        await take(offered);
      });
    mesh = await testMesh({
      agents: [
        handoffAgent(),
        defineAgent({ name: creative, hears: [hears(creative)] }),
        defineAgent({ name: specialist, hears: [hears(specialist)] }),
      ],
    });
    desk = (source) => mesh.client(HandoffService, { source, conversationId: "c-1" });
  });
  afterEach(() => mesh.drain());

  let requests = 0;
  const offer = (taskId: string, more = {}) =>
    desk(creative).offer({
      requestId: `r-${++requests}`,
      toAgent: specialist,
      task: {
        taskId,
        handoffReason: "expertise_required",
        currentState: { step: 2 },
        history: [{ speaker: "ada", text: "It still hurts" }],
      },
      ...more,
    });

  test("is offered with its context, taken and completed, in one flow and one trace [R39]", async () => {
    take = async ({ accept, complete }) => {
      if (await accept()) await complete({ sent: true });
    };
    const { handoff } = await offer("TASK-001");
    expect(handoff).toMatchObject({ handoffId: "TASK-001#1", fromAgent: creative, state: HandoffState.OFFERED });
    await expect(mesh.heard(HandoffCompletedSchema)).resolves.toMatchObject({
      handoff: { handoffId: "TASK-001#1", toAgent: specialist, state: HandoffState.COMPLETED },
      result: { sent: true },
    });
    await mesh.settled();
    expect(seen).toMatchObject([{ task: { currentState: { step: 2 }, history: [{ text: "It still hurts" }] } }]);
    await expect(desk(creative).getHandoff({ taskId: "TASK-001" })).resolves.toMatchObject({
      handoff: { state: HandoffState.COMPLETED },
    });
    const headers = mesh.observed.map(({ header }) => header);
    const ofFlow = headers.filter(({ name }) => name.startsWith("HANDOFF_") || name === "AGENT_HANDOFF");
    expect(new Set(ofFlow.map(({ conversationId }) => conversationId))).toEqual(new Set(["c-1"]));
    expect(new Set(ofFlow.map(({ correlationId }) => correlationId)).size).toBe(1);
    const told = mesh.events.events.filter(({ header }) => header.messageType.includes("Handoff"));
    const traces = told.map(({ headers }) => headers.get("traceparent")?.split("-")[1]);
    expect(traces).toHaveLength(3);
    expect(new Set(traces).size).toBe(1);
    // What was to end the offer finds it answered.
    await mesh.advance(5 * 60_000);
    expect(await mesh.deadLetters()).toEqual([]);
    await expect(desk(creative).getHandoff({ taskId: "TASK-001" })).resolves.toMatchObject({
      handoff: { state: HandoffState.COMPLETED },
    });
  });

  test("that is declined is with the first agent again, which may offer it anew", async () => {
    take = ({ decline }) => decline("no tools for that");
    await offer("t");
    await expect(mesh.heard(HandoffReturnedSchema)).resolves.toMatchObject({
      handoff: { state: HandoffState.DECLINED },
      reason: "no tools for that",
    });
    const { handoff } = await offer("t");
    expect(handoff?.handoffId).toBe("t#2");
  });

  test("that nobody answers ends exactly at its time", async () => {
    await offer("t");
    await mesh.advance(5 * 60_000 - 1);
    await expect(desk(creative).getHandoff({ taskId: "t" })).resolves.toMatchObject({
      handoff: { state: HandoffState.OFFERED },
    });
    await mesh.advance(1);
    await expect(mesh.heard(HandoffReturnedSchema)).resolves.toMatchObject({
      handoff: { state: HandoffState.EXPIRED },
    });
  });

  test("can be withdrawn until it is accepted, and completed only after that", async () => {
    await offer("t");
    const id = { handoffId: "t#1" };
    await expect(desk(specialist).complete(id)).rejects.toMatchObject({
      code: "REFUSED",
      message: 'handoff "t#1" is OFFERED and cannot become COMPLETED any more',
    });
    await desk(specialist).accept(id);
    await expect(desk(specialist).accept(id)).resolves.toMatchObject({ handoff: { state: HandoffState.ACCEPTED } });
    await expect(desk(creative).withdraw({ ...id, reason: "changed my mind" })).rejects.toMatchObject({
      code: "REFUSED",
    });
    await desk(specialist).decline({ ...id, reason: "too much" });
    // The first offer may not have been heard yet, and what takes the second one is not meant for it.
    await mesh.settled();
    const accepted: boolean[] = [];
    take = async ({ accept }) => {
      await desk(creative).withdraw({ handoffId: "t#2", reason: "changed my mind" });
      accepted.push(await accept());
    };
    await offer("t");
    await mesh.settled();
    expect(accepted).toEqual([false]);
  });

  test("is for one agent: others neither hear nor answer it, and a task has one open handoff", async () => {
    await offer("t");
    await mesh.settled();
    expect(seen).toHaveLength(1);
    await expect(desk(creative).accept({ handoffId: "t#1" })).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      message: `only "${specialist}" may make handoff "t#1" ACCEPTED, not "${creative}"`,
    });
    await expect(offer("t")).rejects.toMatchObject({
      code: "REFUSED",
      message: `task "t" is handed over already: "t#1" to "${specialist}" is OFFERED`,
    });
    await expect(desk(specialist).accept({ handoffId: "t#9" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(desk(specialist).accept({ handoffId: "t" })).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
    await expect(desk(specialist).getHandoff({ taskId: "unheard" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("that is offered again under the same request id is the same one; nonsense is refused", async () => {
    const again = { requestId: "same" };
    await offer("t", again);
    await expect(offer("t", again)).resolves.toMatchObject({ handoff: { handoffId: "t#1" } });
    await expect(offer("late", { expiresAt: { seconds: 1n } })).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
    const task = { taskId: "big", handoffReason: "r", currentState: { text: "x".repeat(300_000) } };
    await expect(offer("big", { task })).rejects.toMatchObject({
      code: "TOO_LARGE",
      message: expect.stringContaining("by reference"),
    });
    await expect(offer("", {})).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
  });
});
