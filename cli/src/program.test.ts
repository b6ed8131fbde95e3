// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { program, withSubcommands } from "./program.ts";

const commands = withSubcommands(program()).slice(1);

function helpOf(command: (typeof commands)[number]): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

test("every command, and every group of them, ends its help with examples of itself", () => {
  for (const command of commands) {
    const path = command.parent === null || command.parent.name() === "parley" ? "" : `${command.parent.name()} `;
    expect(helpOf(command)).toMatch(new RegExp(`\\nExamples:\\n  parley ${path}${command.name()}\\b`));
  }
});

test("every command that finds a mesh by its address is told of its state folder too, and prints tables or JSON", () => {
  const operators = commands.filter((one) => helpOf(one).includes("--url"));
  expect(operators.map((one) => one.name())).toContain("contracts");
  for (const command of operators) {
    expect(helpOf(command)).toContain("--state");
    if (!["call", "publish", "tail"].includes(command.name())) {
      expect(helpOf(command), command.name()).toMatch(/-o, --output <format> +how to print \(choices: "table", "json"/);
    }
  }
});
