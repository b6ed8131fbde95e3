// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Command } from "commander";
import { describedCommand } from "./operator-command.ts";

/** `parley demo`. */
export function demoCommand(): Command {
  return describedCommand({
    name: "demo [name]",
    summary: "carry out one of the project's demos and show what happened",
    description:
      'Carries out a demo that "parley.demos" in the nearest package.json names, on a mesh of its own that is gone ' +
      "afterwards, and shows who said what to whom. Nothing in it is made up. Without a name: lists them. Exits with 1 when " +
      "it did not come out as it must.",
    examples: ["parley demo", "parley demo delivery"],
  })
    .option("--processes", "every agent in a process of its own", false)
    .action(async (name, options) => {
      const { demo } = await import("../demo/run-demo.ts");
      process.exitCode = await demo(name, options);
    });
}
