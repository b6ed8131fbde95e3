// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { Contracts } from "../contracts/contracts.ts";
import { compileContracts } from "../contracts/testdata/compile.ts";
import { handledForMs, retentionOf, statusForMs } from "./retention.ts";

const dayMs = 24 * 60 * 60_000;

function inDays(events: number, commands: number) {
  return { events: events * dayMs, commands: commands * dayMs };
}

function contractsWith(retention: string, expiresAfter: string): Contracts {
  const text = `syntax = "proto3"; package shop.v1; import "parley/mesh/v1/policy.proto";
message Item { string sku = 1; }
message ShopItemSold {
  option (parley.mesh.v1.event) = { name: "SHOP_ITEM_SOLD" delivery: DELIVERY_AT_LEAST_ONCE key: "sku" timeout: {seconds: 5} ${retention} };
  string sku = 1;
}
service ShopService {
  option (parley.mesh.v1.service) = { agent: "shop" defaults: { permission: "*" timeout: {seconds: 5} } };
  rpc Ask(Item) returns (Item);
  rpc Sell(Item) returns (Item) { option (parley.mesh.v1.method) = { command: { ${expiresAfter} } }; }
}`;
  return Contracts.decode(compileContracts({ "shop/v1/shop.proto": text }));
}

test("messages are kept for a week, or as long as a contract needs them, and repeats and statuses are known for a day longer", () => {
  const short = retentionOf(contractsWith("retention: {seconds: 60}", ""));
  expect(short).toEqual(inDays(7, 7));
  expect(handledForMs(short)).toBe(8 * dayMs);
  expect(statusForMs(short)).toBe(8 * dayMs);

  const long = retentionOf(contractsWith("retention: {seconds: 2592000}", "expires_after: {seconds: 1728000}"));
  expect(long).toEqual(inDays(30, 21));
  expect(handledForMs(long)).toBe(31 * dayMs);
  expect(statusForMs(long)).toBe(22 * dayMs);
});
