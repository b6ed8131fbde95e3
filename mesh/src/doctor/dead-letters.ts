// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { streamInfo } from "../broker/ensure-stream.ts";
import type { Check } from "./patient.ts";

/** Whether messages wait that were given up. */
export const deadLetters: Check = async ({ broker, names, subjects }) => {
  if ((await streamInfo(broker, names.dead)) === undefined) return [];
  const info = await broker.manager.streams.info(names.dead, { subjects_filter: subjects.all("dead") });
  return Object.entries(info.state.subjects ?? {}).map(([subject, count]) => {
    const [, , agent, hearer] = subject.split(".");
    return {
      severity: "warning",
      code: "dead-letters",
      where: names.dead,
      what: `${count} message(s) that hearer "${hearer}" of agent "${agent}" could not handle wait there.`,
      next: "Read why in the letters, correct the cause and publish again what still matters; letters go after 30 days.",
    };
  });
};
