// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Command, InvalidArgumentError } from "commander";
import { authorOption } from "./author-option.ts";
import { countArgument } from "./count-argument.ts";
import { commandGroup, operatorCommand } from "./operator-command.ts";
import { timeArgument } from "./time-argument.ts";

/** `parley overlay list|set|remove`. */
export function overlayCommand(): Command {
  const list = operatorCommand({
    name: "list",
    summary: "which methods are overridden, until when, by whom and why",
    description: "Lists the overlays that hold now, by method.",
    examples: ["parley overlay list", "parley overlay list -o json"],
  }).action(async (options) => (await import("../operator/overlay.ts")).listOverlays(options));
  const set = breakerOptions(
    operatorCommand({
      name: "set <method>",
      summary: "override timeout, retries, breaker or concurrency of a method for a while",
      description:
        "Overrides what the contract of a method says of timeout, retries, breaker and concurrency; nothing else can be. " +
        "What is not given stays as the contract has it. It takes the place of an earlier overlay, holds in every host " +
        "within a second, ends by itself, and is published as POLICY_OVERLAY_CHANGED.",
      examples: [
        'parley overlay set UserAgentService/Converse --timeout 60s --for 2h --reason "the model is slow tonight"',
        'parley overlay set parley.scheduling.v1.ProviderAgentService/QueryAvailability --retry none --concurrency 4 --for 30m --reason "the calendar is overloaded"',
      ],
    }),
  )
    .requiredOption("--for <time>", "how long it shall hold, at most 7d", timeArgument)
    .requiredOption("--reason <text>", "why; whoever looks at it in the morning reads it")
    .option("--timeout <time>", "one attempt in the handler", timeArgument)
    .option("--retry <times>", "delays before retries, e.g. 1s,5s,30s; none: never", delaysArgument)
    .option("--concurrency <count>", "handlers at once per instance", countArgument(100_000))
    .addOption(authorOption())
    .action(async (method, options) => (await import("../operator/overlay.ts")).setOverlay(method, options));
  const remove = operatorCommand({
    name: "remove <method>",
    summary: "let the contract of a method hold again",
    description: "Takes the overlay of a method away before its time. Exits with 1 when it has none.",
    examples: ["parley overlay remove UserAgentService/Converse"],
  })
    .addOption(authorOption())
    .action(async (method, options) => (await import("../operator/overlay.ts")).removeOverlay(method, options));
  return commandGroup("overlay", "override policy at run time, for a while", [list, set, remove]);
}

function breakerOptions(command: Command): Command {
  return command
    .option("--breaker-rate <share>", "breaker: opens at this share of failures, above 0 to 1", shareArgument)
    .option("--breaker-window <time>", "breaker: sliding time looked at", timeArgument)
    .option("--breaker-minimum <count>", "breaker: no judgement below so many calls", countArgument(1_000_000))
    .option("--breaker-open <time>", "breaker: how long it stays open", timeArgument)
    .option(
      "--breaker-probes <count>",
      "breaker: calls let through then, all of which must succeed",
      countArgument(1_000),
    );
}

function delaysArgument(text: string): readonly number[] {
  return text === "none" ? [] : text.split(",").map(timeArgument);
}

function shareArgument(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share <= 1)) throw new InvalidArgumentError("Write a share above 0 to 1, e.g. 0.5.");
  return share;
}
