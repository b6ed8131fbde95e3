// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { openGateway } from "@parley/gateway";
import { defineAgent } from "@parley/mesh";
import { testMesh } from "@parley/mesh/testing";
import { agents, seed } from "@parley/scheduling";
import ICAL from "ical.js";
import { expect, test } from "vitest";

test("an appointment made by conversation shows in the feeds of user and provider at the gateway, as any calendar reads them [R52]", async () => {
  const permissions = ["READ_APPOINTMENTS"];
  const edge = defineAgent({ name: "gateway", description: "Lets people in.", permissions, serves: [] });
  await using mesh = await testMesh({ agents: [...agents(), edge] });
  await seed(mesh);
  const gateway = await openGateway({ host: mesh, port: 0, exposure: "PUBLIC" });
  try {
    const talk = async (body: object) => {
      const headers = { "content-type": "application/json" };
      const made = { method: "POST", headers, body: JSON.stringify({ user_id: "ada", ...body }) };
      const answer: unknown = await (await fetch(`${gateway.url}/api/conversations`, made)).json();
      return answer;
    };
    const first = await talk({ text: "Book a doctor for tomorrow afternoon with Dr Smith" });
    expect(first).toMatchObject({ conversation_id: expect.any(String) });
    const { conversation_id } = first as { conversation_id: string };
    expect(await talk({ text: "the first one", conversation_id })).toHaveProperty("appointment");
    for (const path of ["users/ada", "providers/prov_dr_smith"]) {
      const response = await fetch(`${gateway.url}/api/${path}/calendar.ics`);
      expect(response.headers.get("content-type")).toBe("text/calendar; charset=utf-8");
      const [event, ...more] = new ICAL.Component(ICAL.parse(await response.text())).getAllSubcomponents("vevent");
      expect(more).toEqual([]);
      expect(String(event?.getFirstPropertyValue("dtstart"))).toBe("2026-01-06T12:00:00Z");
      expect(String(event?.getFirstPropertyValue("summary")).startsWith("doctor")).toBe(true);
    }
    const unknown = await fetch(`${gateway.url}/api/providers/nobody/calendar.ics`);
    expect(unknown.status).toBe(404);
  } finally {
    await gateway.drain();
  }
});
