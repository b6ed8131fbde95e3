// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toJson } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Maintenance,
  MaintenanceSchema,
  MaintenanceService,
} from "@parley/contracts/parley/mesh/v1/maintenance_pb.js";
import { listLines } from "../terminal/list.ts";
import { moment } from "../terminal/moment.ts";
import { show } from "../terminal/show.ts";
import { meshClient } from "./mesh-client.ts";
import type { AuthorChoice, OperatorChoice } from "./operator-choice.ts";

interface ScopeChoice extends AuthorChoice {
  readonly domain?: string | undefined;
}

interface BeginChoice extends ScopeChoice {
  readonly reason: string;
  readonly expected?: number | undefined;
}

/** Begins a maintenance and prints it. */
export async function beginMaintenance(choice: BeginChoice): Promise<void> {
  const { domain = "", author, reason, expected } = choice;
  const { maintenance } = await meshClient(MaintenanceService, choice).beginMaintenance({
    domain,
    author,
    reason,
    ...(expected === undefined ? {} : { expected: durationFromMs(expected) }),
  });
  print(maintenance === undefined ? [] : [maintenance], choice.output);
}

/** Ends a maintenance and prints what it was. */
export async function endMaintenance(choice: ScopeChoice): Promise<void> {
  const { domain = "", author } = choice;
  const { maintenance } = await meshClient(MaintenanceService, choice).endMaintenance({ domain, author });
  const over = maintenance === undefined ? [] : [maintenance];
  show(choice.output, {
    json: () => over.map((one) => toJson(MaintenanceSchema, one)),
    table: () =>
      over.map(
        ({ beganAt, reason, ...one }) => `ended: maintenance of ${scope(one)} since ${moment(beganAt)} (${reason})`,
      ),
  });
}

/** Prints the maintenances that are underway. */
export async function listMaintenances(choice: OperatorChoice): Promise<void> {
  const { maintenances } = await meshClient(MaintenanceService, choice).listMaintenances({});
  print(maintenances, choice.output);
}

function print(maintenances: readonly Maintenance[], output: OperatorChoice["output"]): void {
  const head = ["SCOPE", "SINCE", "EXPECTED END", "BY", "REASON"];
  show(output, {
    json: () => maintenances.map((one) => toJson(MaintenanceSchema, one)),
    table: (style) => listLines({ head, rows: maintenances.map(row), none: "no maintenance is underway" }, style),
  });
}

function row({ domain, beganAt, expectedEnd, author, reason }: Maintenance): readonly string[] {
  return [scope({ domain }), moment(beganAt), moment(expectedEnd), author, reason];
}

function scope({ domain }: Pick<Maintenance, "domain">): string {
  return domain === "" ? "the mesh" : domain;
}
