// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { connectBroker } from "@parley/mesh/broker";
import { examine } from "@parley/mesh/doctor";
import type { OutputFormat } from "../commands/output-option.ts";
import { type BrokerChoice, findBroker } from "../state/find-broker.ts";
import { findingsText } from "../terminal/findings-text.ts";
import { show } from "../terminal/show.ts";

/** What to examine, how, and how it is shown. */
export interface DoctorChoice extends BrokerChoice {
  readonly namespace: string;
  readonly deep: boolean;
  readonly monitor?: string | undefined;
  readonly output: OutputFormat;
}

/** Examines a mesh and prints what was found; the process will exit with 1 when there are errors. */
export async function doctor(choice: DoctorChoice): Promise<void> {
  const { namespace, deep, monitor, output } = choice;
  await using broker = await connectBroker({ url: findBroker(choice), name: "parley doctor" });
  const findings = await examine(broker, namespace, { deep, monitor });
  show(output, { json: () => findings, table: (style) => findingsText(findings, style) });
  if (findings.some(({ severity }) => severity === "error")) process.exitCode = 1;
}
