// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Done } from "./enumerate.ts";
import type { PassName } from "./passes.ts";

/** A window between two steps, in which a crash could lose or double something. */
interface Window {
  readonly number: number;
  readonly name: string;
  readonly covers: (pass: PassName, point: string) => boolean;
}

const agentKilled: readonly PassName[] = ["agent killed", "agent killed again"];
const killed: readonly PassName[] = [...agentKilled, "broker killed at it", "broker killed soon after"];

/** The windows that runs of the scenario fall into; the others have programs of their own. */
const windows: readonly Window[] = [
  {
    number: 1,
    name: "publish sent / acknowledged",
    covers: (pass, point) => point.startsWith("publish.") && [...killed, "answer lost"].includes(pass),
  },
  {
    number: 2,
    name: "state stored / event announced",
    covers: (pass, point) =>
      /^commit\.(before|after)-append/.test(point) && [...killed, "batch half sent"].includes(pass),
  },
  {
    number: 3,
    name: "published / known to be published",
    covers: (pass, point) => point.startsWith("publish.after") && killed.includes(pass),
  },
  {
    number: 4,
    name: "effect / mark that it was handled",
    covers: (pass, point) => /^(commit\.after-append|call\.handled)/.test(point) && killed.includes(pass),
  },
  {
    number: 5,
    name: "mark / acknowledgement",
    covers: (pass, point) => /^delivery\.(handled|acknowledged|buried)/.test(point) && agentKilled.includes(pass),
  },
  {
    number: 6,
    name: "acknowledged / written by the broker",
    covers: (pass, point) => point.startsWith("delivery.acknowledged") && pass.startsWith("broker killed"),
  },
  {
    number: 14,
    name: "buried / ended at the broker",
    covers: (pass, point) => /^delivery\.(before-burial|buried)/.test(point) && killed.includes(pass),
  },
  {
    number: 16,
    name: "conditional append sent / answer lost",
    covers: (pass, point) => point.startsWith("commit.before-append") && pass === "answer lost",
  },
  {
    number: 17,
    name: "snapshot written / older events removed",
    covers: (pass, point) => /^commit\.(before|after)-compaction/.test(point) && killed.includes(pass),
  },
];

/** A line per window: how often it was hit, and what was found there. */
export function windowLines(done: readonly Done[]): readonly string[] {
  return windows.map(({ number, name, covers }) => {
    const inside = done.filter(({ job, result }) => {
      const point = job.plans.at(-1)?.point ?? "";
      return result.reached && result.met && covers(job.pass, point);
    });
    const passes = [...new Set(inside.map(({ job }) => job.pass))].join(", ");
    const violations = inside.reduce((sum, { result }) => sum + result.violations.length, 0);
    const again = inside.reduce((sum, { result }) => sum + Math.max(0, result.deliveries - result.messages), 0);
    const told = number === 6 ? `, ${again} deliveries again` : "";
    return windowLine(number, name, `${inside.length} runs (${passes}${told}), violations ${violations}`);
  });
}

/** How all windows are told of. */
export function windowLine(number: number, name: string, outcome: string): string {
  return `window ${String(number).padStart(2)}  ${name.padEnd(40)} ${outcome}`;
}
