// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { nearNames } from "./near-names.ts";

const known = ["APPOINTMENT_CONFIRMED", "APPOINTMENT_CANCELLED", "APPOINTMENT_CHANGED", "SLOT_HELD", "EMAIL_SENT"];

test.each([
  ["APPOINTMENT_CONFIRMD", ["APPOINTMENT_CONFIRMED"]],
  ["appointmentconfirmed", ["APPOINTMENT_CONFIRMED"]],
  ["parley.scheduling.v1.AppointmentConfirmed", ["APPOINTMENT_CONFIRMED"]],
  ["confirmed", ["APPOINTMENT_CONFIRMED"]],
  ["SLOT_HOLD", ["SLOT_HELD"]],
  ["MAIL_SEND", ["EMAIL_SENT"]],
])("%s is taken for a slip of %j first", (name, expected) => {
  expect(nearNames(name, known).slice(0, 1)).toEqual(expected);
});

test("what is like nothing has nothing near", () => {
  for (const name of ["", "x", "zzzzzzzzzzzz", "parley."]) expect(nearNames(name, known)).toEqual([]);
});

test("no more than three are near", () => {
  expect(nearNames("APPOINTMENT", known)).toHaveLength(3);
});
