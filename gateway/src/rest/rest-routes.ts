// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createRegistry } from "@bufbuild/protobuf";
import { MeshError } from "@parley/mesh";
import { logger } from "@parley/mesh/calls";
import { httpBindings, type MethodContract } from "@parley/mesh/contracts";
import type { Offered } from "../offer.ts";
import { JsonForm } from "./json-form.ts";
import type { Route } from "./route.ts";
import { RouteTable } from "./route-table.ts";

/**
 * The REST routes of all that is offered. A contract whose path cannot be served, or is another method's already, costs
 * itself its route and is logged; everything else is served.
 */
export function restRoutes(offered: readonly Offered[]): RouteTable {
  const json = new JsonForm(createRegistry(...offered.map(({ contracts }) => contracts.registry)));
  const contracts = offered.flatMap(({ service, contracts: all }) =>
    service.methods.map((method) => all.method(method)),
  );
  const table = new RouteTable(contracts.flatMap((contract) => routesOf(contract, json)));
  for (const { kept, refused } of table.conflicts) {
    const { httpMethod, template } = refused.binding;
    logger.error(
      { path: `${httpMethod} ${template.text}`, method: refused.contract.name, served: kept.contract.name },
      "two methods have one REST path; only the first of their names is served by it",
    );
  }
  return table;
}

function routesOf(contract: MethodContract, json: JsonForm): readonly Route[] {
  try {
    return httpBindings(contract.desc).map((binding) => ({ binding, contract, json }));
  } catch (thrown) {
    logger.error({ err: MeshError.from(thrown).message }, "a method has no REST path");
    return [];
  }
}
