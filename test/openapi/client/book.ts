// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// A program by somebody who has never heard of protobuf: its types come from /openapi.json alone. Books a doctor, looks at the
// appointment, gives it up, and prints what it saw as JSON.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Problem = components["schemas"]["Problem"];

const mesh = createClient<paths>({ baseUrl: process.argv[2] ?? "" });
const user_id = "openapi-user";

/** The answer, where it is one. */
function answered<T>({ data, error }: { data?: T; error?: Problem }): T {
  if (data === undefined) throw new Error(`${error?.code}: ${error?.detail}`);
  return data;
}

const { providers } = answered(await mesh.GET("/api/providers", { params: { query: { service_type: "doctor" } } }));
const names: string[] = providers.map(({ name }) => name);

const { offers } = answered(
  await mesh.POST("/api/appointments:request", {
    body: { user_id, service_type: "doctor", preferred_provider_ids: [providers[0]?.provider_id ?? ""] },
  }),
);
const offer = offers.at(-1);
if (offer?.start_time === undefined || offer.end_time === undefined) throw new Error("no offer");
const { slot_id, provider_id, start_time, end_time } = offer;

const key = { header: { "Idempotency-Key": crypto.randomUUID() } };
const confirm = () =>
  mesh.POST("/api/appointments", { params: key, body: { user_id, slot_id, provider_id, start_time, end_time } });
const booked = answered(await confirm()).appointment;
const again = answered(await confirm()).appointment;
const appointment_id: string = booked?.appointment_id ?? "";

const path = { params: { path: { appointment_id }, query: { user_id } } };
const status: "APPOINTMENT_STATUS_CONFIRMED" | string | undefined = answered(
  await mesh.GET("/api/appointments/{appointment_id}", path),
).appointment?.status;
const cancelled = answered(await mesh.DELETE("/api/appointments/{appointment_id}", path));

const unknown = await mesh.GET("/api/appointments/{appointment_id}", {
  params: { path: { appointment_id: "prov_dr_smith.nothing" }, query: { user_id } },
});
const refused = await mesh.POST("/api/appointments:request", { body: { user_id: "", service_type: "doctor" } });

process.stdout.write(
  JSON.stringify({
    names,
    same: again?.appointment_id === appointment_id,
    status,
    cancelled: cancelled.appointment?.status,
    unknown: [unknown.response.status, unknown.error?.code],
    refused: [refused.response.status, refused.error?.violations?.map(({ field }) => field)],
  }),
);

/** What the document rules out must not compile; never called. */
export async function mistakes(): Promise<void> {
  // @ts-expect-error There is no such path.
  await mesh.GET("/api/nothing");
  // @ts-expect-error The user is required.
  await mesh.POST("/api/appointments:request", { body: { service_type: "doctor" } });
  // @ts-expect-error A number is no text.
  await mesh.POST("/api/appointments:request", { body: { user_id: 1, service_type: "doctor" } });
  // @ts-expect-error Names are those of the contract.
  await mesh.POST("/api/appointments:request", { body: { userId: "u", service_type: "doctor" } });
  // @ts-expect-error A path variable is required.
  await mesh.GET("/api/appointments/{appointment_id}", { params: { query: { user_id } } });
}
