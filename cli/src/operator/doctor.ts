// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { connectBroker } from "@parley/mesh/broker";
import { examine, removeHearer } from "@parley/mesh/doctor";
import type { OutputFormat } from "../commands/output-option.ts";
import { type BrokerChoice, findBroker } from "../state/find-broker.ts";
import { findingsText } from "../terminal/findings-text.ts";
import { show } from "../terminal/show.ts";
import { UsageError } from "../usage-error.ts";

/** What to examine, how, and how it is shown. */
export interface DoctorChoice extends BrokerChoice {
  readonly namespace: string;
  readonly deep: boolean;
  readonly monitor?: string | undefined;
  readonly removeHearer?: string | undefined;
  readonly dryRun: boolean;
  readonly output: OutputFormat;
}

/** Examines a mesh and prints what was found; the process will exit with 1 when there are errors. */
export async function doctor(choice: DoctorChoice): Promise<void> {
  const { namespace, deep, monitor, output } = choice;
  if (choice.dryRun && choice.removeHearer === undefined) {
    throw new UsageError("--dry-run goes with --remove-hearer; an examination changes nothing anyway");
  }
  await using broker = await connectBroker({ url: findBroker(choice), name: "parley doctor" });
  if (choice.removeHearer !== undefined) {
    const removed = await removeHearer(broker, namespace, { name: choice.removeHearer, dryRun: choice.dryRun });
    const verb = choice.dryRun ? "would be removed" : "removed";
    show(output, {
      json: () => removed,
      table: () =>
        removed.map(
          ({ stream, durables, waiting }) =>
            `${verb}: ${durables.join(", ")} of ${stream}; ${waiting} message(s) ${choice.dryRun ? "wait" : "waited"} for it`,
        ),
    });
    return;
  }
  const findings = await examine(broker, namespace, { deep, monitor });
  show(output, { json: () => findings, table: (style) => findingsText(findings, style) });
  if (findings.some(({ severity }) => severity === "error")) process.exitCode = 1;
}
