// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Contracts, httpBindings } from "@parley/mesh/contracts";
import { expect, test } from "vitest";
import { ThingService } from "../../../test/gen/parley/test/v1/thing_pb.js";
import { JsonForm } from "./json-form.ts";
import { RequestPath } from "./request-path.ts";
import type { Route } from "./route.ts";
import { RouteTable } from "./route-table.ts";

const contracts = Contracts.of({ services: [ThingService] });
const json = new JsonForm(contracts.registry);

function routesOf(name: "get" | "newest"): readonly Route[] {
  const desc = ThingService.method[name];
  return httpBindings(desc).map((binding) => ({ binding, contract: contracts.method(desc), json }));
}

test("of two routes on one path the first is served, and the other is named", () => {
  const [get] = routesOf("get");
  const [newest] = routesOf("newest");
  if (get === undefined || newest === undefined) throw new Error("routes without bindings");
  const rival: Route = { ...newest, binding: { ...newest.binding, template: get.binding.template } };
  const table = new RouteTable([get, rival]);
  expect(table.conflicts).toEqual([{ kept: get, refused: rival }]);
  expect(table.routes).toEqual([get]);
  expect(table.find("GET", new RequestPath("/v1/things/a"))).toEqual({ kind: "route", route: get });
});

test("a path of a thousand segments is looked up without harm", () => {
  const table = new RouteTable([...routesOf("get"), ...routesOf("newest")]);
  expect(table.find("GET", new RequestPath("/v1/things".repeat(1000)))).toEqual({ kind: "nothing" });
});
