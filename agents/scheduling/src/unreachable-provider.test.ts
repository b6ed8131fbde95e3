// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { type Context, defineAgent, MeshError, serve } from "@parley/mesh";
import { expect, test } from "vitest";
import { overview } from "./provider/overview.ts";
import { providerMethods } from "./provider/provider-methods.ts";
import { schedulingAgent } from "./scheduling-agent.ts";
import { type TestWorld, testWorld } from "./test-world.ts";
import { userAgent } from "./user-agent.ts";

/** A provider agent in which asking some providers goes wrong. */
function providerAgentWhere(trouble: (providerId: string, ctx: Context) => Promise<void>) {
  return defineAgent({
    name: "scheduling.provider",
    permissions: ["MANAGE_PROVIDERS", "KEEP_TIME"],
    serves: [
      serve(ProviderAgentService, {
        ...providerMethods,
        async queryAvailability(request, ctx) {
          await trouble(request.providerId, ctx);
          return providerMethods.queryAvailability(request, ctx);
        },
      }),
    ],
    projections: [overview],
  });
}

const worldWhere = (trouble: Parameters<typeof providerAgentWhere>[0]) =>
  testWorld([userAgent(), schedulingAgent(), providerAgentWhere(trouble)]);

const ask = ({ scheduling }: TestWorld) => scheduling.requestAppointment({ userId: "ann", serviceType: "doctor" });

test("a provider that fails is left out and named; the others are offered [R35]", async () => {
  await using world = await worldWhere(async (providerId) => {
    if (providerId === "prov_dr_weber") throw new MeshError({ code: "REFUSED", message: "no" });
  });
  const { offers, unreachableProviderIds, suggestionContext } = await ask(world);
  expect(unreachableProviderIds).toEqual(["prov_dr_weber"]);
  expect(new Set(offers.map(({ providerId }) => providerId))).toEqual(new Set(["prov_dr_smith"]));
  expect(suggestionContext).toContain("1 of the providers could not be asked");
});

test("a provider that never answers is waited for no longer than its contract says", async () => {
  const silent = Promise.withResolvers<void>();
  await using world = await worldWhere(async (providerId, ctx) => {
    if (providerId !== "prov_dr_weber") return;
    silent.resolve();
    await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));
  });
  const asking = ask(world);
  await silent.promise;
  // The other one must have answered: its time is the same.
  const { observed } = world.mesh;
  await expect.poll(() => observed.some(({ header }) => header.targetAgentId === "pa_prov_dr_smith")).toBe(true);
  await world.mesh.clock.advance(4_000);
  const { offers, unreachableProviderIds } = await asking;
  expect(unreachableProviderIds).toEqual(["prov_dr_weber"]);
  expect(offers.length).toBeGreaterThan(0);
});

test("when no provider answers, a program gets an error and a person a sentence", async () => {
  await using world = await worldWhere(async () => {
    throw new MeshError({ code: "REFUSED", message: "no" });
  });
  await expect(ask(world)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  const { reply, conversationId } = await world.users.converse({ userId: "ann", text: "a doctor tomorrow" });
  expect(reply).toBe("Sorry, I cannot reach the practices just now. Please try again in a moment.");
  expect(conversationId).not.toBe("");
});
