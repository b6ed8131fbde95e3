// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { rolledBackStreams } from "../broker/rolled-back.ts";
import type { Check } from "./patient.ts";

/** Whether a journal or SCHEDULES holds less than EVENTS and COMMANDS have taken from it. A lag of 0 says nothing about it. */
export const rollback: Check = async ({ broker, subjects }) =>
  (await rolledBackStreams(broker, subjects.namespace)).map(({ origin, stream, last, sourced }) => ({
    severity: "error",
    code: "journal-rolled-back",
    where: origin,
    what: `It ends at ${last}, but "${stream}" has taken ${sourced} of it: what is appended up to there will never be heard.`,
    next: 'Stop all hosts and restore all streams of one backup, or give EVENTS up: docs/operations.md, "A journal was rolled back".',
  }));
