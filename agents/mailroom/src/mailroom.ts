// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { EmailService, PhoneService, SmsService } from "@parley/contracts/parley/mailroom/v1/mailroom_pb.js";
import { type Agent, defineAgent, fallback, serve } from "@parley/mesh";
import { askOutside } from "./outside.ts";

/**
 * The three agents of the mailroom.
 *
 * @param outside where mail server and telephone exchange are asked
 */
export function mailroom(outside: string): readonly Agent[] {
  const email = defineAgent({
    name: "mailroom.email",
    description: "Sends mail.",
    role: "DETERMINISTIC",
    serves: [
      serve(EmailService, {
        // Guarded by the contract: while the mail server fails, mails wait and cost no try.
        sendEmail: async ({ to, text }, ctx) => ({
          receipt: await ctx.outside("smtp", (signal) =>
            askOutside(outside, { system: "smtp", to, text, idempotencyKey: ctx.idempotencyKey, signal }),
          ),
        }),
      }),
    ],
  });
  const phone = defineAgent({
    name: "mailroom.phone",
    description: "Makes calls.",
    role: "DETERMINISTIC",
    serves: [
      serve(PhoneService, {
        makeCall: async ({ number: to, text }, { idempotencyKey, signal }) => ({
          receipt: await askOutside(outside, { system: "phone", to, text, idempotencyKey, signal }),
        }),
      }),
    ],
    fallbacks: [
      fallback(PhoneService.method.makeCall, SmsService.method.sendSms, {
        request: ({ reference, number, text }) => ({ reference: `${reference}-as-sms`, number, text }),
        reply: ({ receipt }) => ({ receipt }),
      }),
    ],
  });
  const sms = defineAgent({
    name: "mailroom.sms",
    description: "Sends text messages.",
    role: "DETERMINISTIC",
    serves: [
      serve(SmsService, {
        sendSms: async ({ number: to, text }, { idempotencyKey, signal }) => ({
          receipt: await askOutside(outside, { system: "sms", to, text, idempotencyKey, signal }),
        }),
      }),
    ],
  });
  return [email, phone, sms];
}
