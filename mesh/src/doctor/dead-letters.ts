// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { streamInfo } from "../broker/ensure-stream.ts";
import { nameOfToken } from "../broker/key-token.ts";
import type { Check } from "./patient.ts";

/** Whether messages wait that were given up. */
export const deadLetters: Check = async ({ broker, names, subjects }) => {
  if ((await streamInfo(broker, names.dead)) === undefined) return [];
  const info = await broker.manager.streams.info(names.dead, { subjects_filter: subjects.all("dead") });
  const counts = new Map<string, number>();
  for (const [subject, count] of Object.entries(info.state.subjects ?? {})) {
    const who = subject.split(".").slice(2, 4).join(".");
    counts.set(who, (counts.get(who) ?? 0) + count);
  }
  return [...counts].map(([who, count]) => {
    const [agent = "", hearer = ""] = who.split(".").map(nameOfToken);
    const list = `parley dlq list --agent ${agent} --hearer ${hearer}`;
    return {
      severity: "warning",
      code: "dead-letters",
      where: names.dead,
      what: `${count} message(s) that hearer "${hearer}" of agent "${agent}" could not handle wait there.`,
      next: `Read why with \`${list}\`, correct the cause, then redrive or discard them; letters go after 30 days.`,
    };
  });
};
