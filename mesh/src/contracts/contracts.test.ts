// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescService } from "@bufbuild/protobuf";
import { file_parley_mesh_v1_defaults } from "@parley/contracts/parley/mesh/v1/defaults_pb.js";
import { AgentProfileSchema, DirectoryService } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { OperatorService } from "@parley/contracts/parley/mesh/v1/operator_pb.js";
import { describe, expect, test } from "vitest";
import { Contracts } from "./contracts.ts";
import { compileContracts } from "./testdata/compile.ts";

const head = (name: string) => `syntax = "proto3"; package ${name}; import "parley/mesh/v1/policy.proto"; `;
const incomplete = expect.objectContaining({ code: "CONTRACT_INCOMPLETE" });

const shop = `${head("shop.v1")}
message Item { string sku = 1; message Place { int64 shelf = 1; } Place place = 2; oneof colour { string name = 3; int32 number = 4; } double weight = 5; }
message ShopItemSold {
  option (parley.mesh.v1.event) = {
    name: "SHOP_ITEM_SOLD" delivery: DELIVERY_AT_LEAST_ONCE key: "item.place.shelf" aliases: ["ITEM_SOLD", "shop.v1.ShopItemLost"]
    ordered: true priority: PRIORITY_HIGH retry: { delays: [{seconds: 1}] } publish_permission: "SELL" signed: true
  };
  Item item = 1;
}
message ShopItemLost {
  option (parley.mesh.v1.event) = { name: "SHOP_ITEM_LOST" delivery: DELIVERY_EFFECTIVELY_ONCE key: "sku" timeout: {nanos: 500000000} retention: {seconds: 60} };
  string sku = 1;
}
service ShopService {
  option (parley.mesh.v1.service) = {
    agent: "shop"
    balancing: BALANCING_RESPONSE_TIME
    defaults: {
      permission: "BUY"
      timeout: {seconds: 9}
      breaker: { failure_rate: 0.3 window: {seconds: 7} }
      retry: { delays: [{seconds: 3}] jitter: 0 max_retry_after: {seconds: 8} }
      retry_by_class: [
        { error_class: ERROR_CLASS_TIMEOUT retry: { delays: [{nanos: 1400000}, {seconds: 2}] } },
        { error_class: ERROR_CLASS_CONFLICT retry: {} },
        { error_class: ERROR_CLASS_INVALID retry: { delays: [{seconds: 1}] } }
      ]
    }
  };
  rpc Plain(Item) returns (Item);
  rpc Own(Item) returns (Item) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (parley.mesh.v1.method) = {
      timeout: {seconds: 1} total_timeout: {seconds: 20} priority: PRIORITY_CRITICAL permission: "*" exposure: EXPOSURE_PUBLIC
      fallback: "shop.v1.ShopService/Plain" idempotency_key: "sku" max_concurrency: 2 retry: { delays: [{seconds: 4}] }
      breaker: { minimum_calls: 3 open_for: {seconds: 2} half_open_probes: 1 }
      command: { order_key: "place.shelf" delivery: DELIVERY_EFFECTIVELY_ONCE expires_after: {seconds: 5} }
    };
  }
  rpc Never(Item) returns (stream Item) { option (parley.mesh.v1.method) = { retry: {} command: {} }; }
}
service BareService {
  option (parley.mesh.v1.service) = { agent: "bare" defaults: { permission: "*" } };
  rpc Only(Item) returns (Item) { option idempotency_level = IDEMPOTENT; }
}
`;

const contracts = Contracts.decode(compileContracts({ "shop/v1/shop.proto": shop }));

function methodOf(bundle: Contracts, name: string) {
  const contract = bundle.methodNamed(name);
  if (contract === undefined) throw new Error(`no method ${name}`);
  return contract;
}

function eventOf(bundle: Contracts, name: string) {
  const contract = bundle.eventNamed(name);
  if (contract === undefined) throw new Error(`no event ${name}`);
  return contract;
}

describe("precedence of method settings", () => {
  const plain = methodOf(contracts, "shop.v1.ShopService/Plain");
  const own = methodOf(contracts, "shop.v1.ShopService/Own");
  const never = methodOf(contracts, "shop.v1.ShopService/Never");
  const bare = methodOf(contracts, "shop.v1.BareService/Only");

  test("takes the method's own setting first", () => {
    expect(own).toMatchObject({
      serviceName: "shop.v1.ShopService",
      agent: "shop",
      kind: "unary",
      timeoutMs: 1000,
      totalTimeoutMs: 20_000,
      priority: "CRITICAL",
      permission: "*",
      exposure: "PUBLIC",
      balancing: "RESPONSE_TIME",
      fallback: "shop.v1.ShopService/Plain",
      idempotent: true,
      noSideEffects: true,
      maxConcurrency: 2,
      idempotencyKey: { path: "sku" },
      command: {
        delivery: "EFFECTIVELY_ONCE",
        orderKey: { path: "place.shelf" },
        expiresAfterMs: 5000,
      },
    });
  });

  test("takes the service's next, and the documented defaults where nobody says anything", () => {
    expect(plain).toMatchObject({
      timeoutMs: 9000,
      totalTimeoutMs: 9000,
      permission: "BUY",
      priority: "MEDIUM",
      exposure: "INTERNAL",
      fallback: undefined,
      idempotent: false,
      noSideEffects: false,
      idempotencyKey: undefined,
      maxConcurrency: 64,
      command: undefined,
    });
    expect(never.command).toEqual({
      delivery: "AT_LEAST_ONCE",
      orderKey: undefined,
      expiresAfterMs: 86_400_000,
    });
    expect(never.kind).toBe("server_streaming");
    expect(bare).toMatchObject({
      balancing: "ROUND_ROBIN",
      idempotent: true,
      noSideEffects: false,
      breaker: undefined,
    });
  });

  test("takes the mesh's last", () => {
    expect(bare.timeoutMs).toBe(30_000);
    expect(bare.permission).toBe("*");
    expect(bare.retries.get("TRANSIENT")).toEqual({
      delaysMs: [1000, 2000, 4000],
      jitter: 0.2,
      maxRetryAfterMs: 600_000,
    });
    expect([...bare.retries.keys()]).toEqual(["TRANSIENT", "RATE_LIMIT", "UNAVAILABLE"]);
  });

  test("takes a breaker as a whole from the nearest level that has one", () => {
    expect(plain.breaker).toEqual({
      failureRate: 0.3,
      windowMs: 7000,
      minimumCalls: 10,
      openForMs: 60_000,
      halfOpenProbes: 3,
    });
    expect(own.breaker).toEqual({
      failureRate: 0.5,
      windowMs: 60_000,
      minimumCalls: 3,
      openForMs: 2000,
      halfOpenProbes: 1,
    });
  });

  test("retries by the class's schedule before the general one, at the nearest level that sets either [R54]", () => {
    const general = { delaysMs: [3000], jitter: 0, maxRetryAfterMs: 8000 };
    expect(plain.retries.get("TRANSIENT")).toEqual(general);
    expect(plain.retries.get("INTERNAL")).toEqual(general);
    expect(plain.retries.get("TIMEOUT")?.delaysMs).toEqual([1, 2000]);
    expect([...own.retries.values()].map(({ delaysMs }) => delaysMs)).toEqual(Array(6).fill([4000]));
  });

  test("reads a retry without delays as never, and never retries what cannot pass by itself", () => {
    expect(never.retries.size).toBe(0);
    expect(plain.retries.has("CONFLICT")).toBe(false);
    expect(plain.retries.has("INVALID")).toBe(false);
  });

  test("gives contracts that nobody can change", () => {
    for (const part of [
      own,
      own.command,
      own.idempotencyKey,
      own.breaker,
      own.retries.get("TIMEOUT"),
      eventOf(contracts, "ITEM_SOLD"),
    ]) {
      expect(part).toBeDefined();
      expect(Object.isFrozen(part)).toBe(true);
    }
    expect(Object.isFrozen(own.retries.get("TIMEOUT")?.delaysMs)).toBe(true);
  });

  test("looks a policy up once", () => {
    expect(contracts.method(own.desc)).toBe(own);
  });
});

describe("events", () => {
  test("have every setting, their own before the mesh's", () => {
    expect(eventOf(contracts, "SHOP_ITEM_SOLD")).toMatchObject({
      typeName: "shop.v1.ShopItemSold",
      name: "SHOP_ITEM_SOLD",
      domain: "shop.v1",
      delivery: "AT_LEAST_ONCE",
      priority: "HIGH",
      ordered: true,
      timeoutMs: 5000,
      retentionMs: 604_800_000,
      publishPermission: "SELL",
      hearPermission: undefined,
      signed: true,
      aliases: ["ITEM_SOLD", "shop.v1.ShopItemLost"],
    });
    const lost = eventOf(contracts, "SHOP_ITEM_LOST");
    expect(lost).toMatchObject({
      ordered: false,
      timeoutMs: 500,
      retentionMs: 60_000,
      signed: false,
      priority: "MEDIUM",
    });
    expect(lost.retries.get("RATE_LIMIT")?.delaysMs).toEqual([5000, 10_000, 30_000, 60_000, 120_000]);
  });

  test("are found by full name, name and alias, in this order", () => {
    const sold = eventOf(contracts, "shop.v1.ShopItemSold");
    expect(eventOf(contracts, "ITEM_SOLD")).toBe(sold);
    expect(eventOf(contracts, "SHOP_ITEM_SOLD")).toBe(sold);
    expect(eventOf(contracts, "shop.v1.ShopItemLost").name).toBe("SHOP_ITEM_LOST");
    expect(contracts.eventNamed("NOBODY")).toBeUndefined();
  });

  test("must have an event policy", () => {
    expect(() => contracts.event(AgentProfileSchema)).toThrow(incomplete);
  });
});

describe("a bundle", () => {
  test("lists what has a policy, sorted, and every type in its registry", () => {
    expect(contracts.services.map(({ typeName }) => typeName)).toEqual(["shop.v1.BareService", "shop.v1.ShopService"]);
    expect(contracts.events.map(({ name }) => name)).toEqual(["SHOP_ITEM_LOST", "SHOP_ITEM_SOLD"]);
    expect(contracts.domains).toEqual(["shop.v1"]);
    expect(contracts.registry.getMessage("shop.v1.Item.Place")?.name).toBe("Place");
    expect(contracts.registry.getFile("shop/v1/shop.proto")?.services).toHaveLength(2);
    expect(contracts.methodNamed("shop.v1.ShopService/Gone")).toBeUndefined();
  });

  test("keeps the descriptors it was given, so a handler's own types are found by name", () => {
    const bundle = Contracts.of({ services: [OperatorService] });
    expect(bundle.registry.getService("parley.mesh.v1.OperatorService")).toBe(OperatorService);
    expect(bundle.method(OperatorService.method.tailEvents).timeoutMs).toBe(86_400_000);
    expect(bundle.method(OperatorService.method.getContracts).timeoutMs).toBe(30_000);
  });

  test("is the same after a trip through its descriptor set", () => {
    for (const bundle of [contracts, Contracts.of({ services: [OperatorService, DirectoryService] })]) {
      const decoded = Contracts.decode(bundle.fileDescriptorSet);
      expect(decoded.digest).toBe(bundle.digest);
      expect(decoded.services.flatMap(({ methods }) => methods).map((desc) => told(decoded.method(desc)))).toEqual(
        bundle.services.flatMap(({ methods }) => methods).map((desc) => told(bundle.method(desc))),
      );
      expect(decoded.events.map(told)).toEqual(bundle.events.map(told));
      expect(decoded.domains).toEqual(bundle.domains);
    }
  });

  test("has a digest of what it holds, whatever the order it was given in", () => {
    const one = Contracts.of({ services: [OperatorService, DirectoryService] });
    const other = Contracts.of({
      services: [DirectoryService, OperatorService],
      files: [file_parley_mesh_v1_defaults],
    });
    expect(other.digest).toBe(one.digest);
    expect(one.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(Contracts.of({ services: [DirectoryService] }).digest).not.toBe(one.digest);
  });

  test("says which option is missing, when it is built", () => {
    const without = (service: string) => () =>
      Contracts.decode(
        compileContracts({
          "a/v1/a.proto": `${head("a.v1")} message M { string id = 1; } ${service}`,
        }),
      );
    expect(without(`service S { option (parley.mesh.v1.service) = { agent: "s" }; rpc R(M) returns (M); }`)).toThrow(
      expect.objectContaining({
        code: "CONTRACT_INCOMPLETE",
        message: expect.stringContaining('"a.v1.S/R" does not set option (parley.mesh.v1.method).permission'),
      }),
    );
    expect(without(`message E { option (parley.mesh.v1.event) = { name: "E" key: "id" }; string id = 1; }`)).toThrow(
      /\(parley.mesh.v1.event\).delivery/,
    );
    expect(
      without(
        `message E { option (parley.mesh.v1.event) = { name: "E" key: "of.id" delivery: DELIVERY_AT_MOST_ONCE }; string of = 1; }`,
      ),
    ).toThrow(/field path "of.id" of "a.v1.E" cannot be used: "of" has no field "id"/);
  });

  test("refuses a service without a policy", () => {
    const health: DescService | undefined = Contracts.decode(
      compileContracts({
        "h.proto": `syntax = "proto3"; package h; message M {} service S { rpc R(M) returns (M); }`,
      }),
    ).registry.getService("h.S");
    expect(() => Contracts.of({ services: health ? [health] : [] })).toThrow(
      /"h.S\/R" does not set option \(parley.mesh.v1.service\).agent/,
    );
  });

  test("refuses bytes that are no complete descriptor set", () => {
    const undecodable = expect.objectContaining({ code: "UNDECODABLE" });
    expect(() => Contracts.decode(new Uint8Array([1, 2, 3]))).toThrow(undecodable);
    expect(() => Contracts.decode(contracts.fileDescriptorSet.subarray(0, 500))).toThrow(undecodable);
  });
});

describe("mesh defaults", () => {
  const own = (name: string, seconds: number) =>
    `${head(name)} option (parley.mesh.v1.mesh) = { calls: { timeout: {seconds: ${seconds}} permission: "*" } events: { delivery: DELIVERY_AT_MOST_ONCE timeout: {seconds: 1} } };`;
  const agent = `${head("a.v1")} message Asked { option (parley.mesh.v1.event) = { name: "ASKED" key: "id" }; string id = 1; }
    service AService { option (parley.mesh.v1.service) = { agent: "a" }; rpc Ask(Asked) returns (Asked); }`;

  test("are the user's where one file sets them", () => {
    const bundle = Contracts.decode(compileContracts({ "a/v1/a.proto": agent, "mesh.proto": own("m", 3) }));
    expect(methodOf(bundle, "a.v1.AService/Ask")).toMatchObject({
      timeoutMs: 3000,
      permission: "*",
    });
    expect(methodOf(bundle, "a.v1.AService/Ask").retries.size).toBe(0);
    expect(eventOf(bundle, "ASKED").delivery).toBe("AT_MOST_ONCE");
    expect(Contracts.decode(bundle.fileDescriptorSet).digest).toBe(bundle.digest);
  });

  test("hold for both bundles of a merger, and for methods of neither", () => {
    const ours = Contracts.decode(compileContracts({ "mesh.proto": own("m", 3) }));
    expect(ours.method(methodOf(contracts, "shop.v1.BareService/Only").desc).timeoutMs).toBe(3000);
    expect(methodOf(ours.merge(contracts), "shop.v1.BareService/Only").timeoutMs).toBe(3000);
    expect(methodOf(contracts.merge(ours), "shop.v1.BareService/Only").timeoutMs).toBe(3000);
  });

  test("cannot come from two files", () => {
    const two = compileContracts({
      "mesh.proto": own("m", 3),
      "other.proto": own("o", 4),
    });
    expect(() => Contracts.decode(two)).toThrow(/is set by "mesh.proto" and "other.proto"; keep it in one file/);
  });
});

describe("merging", () => {
  const version = (rpcs: string) =>
    Contracts.decode(
      compileContracts({
        "a/v1/a.proto": `${head("a.v1")} message M { string id = 1; }
          service AService { option (parley.mesh.v1.service) = { agent: "a" defaults: { permission: "*" } }; ${rpcs} }`,
      }),
    );

  test("knows what either knew", () => {
    const operator = Contracts.of({ services: [OperatorService] });
    const merged = contracts.merge(operator);
    expect(merged.domains).toEqual(["parley.mesh.v1", "shop.v1"]);
    const twice = merged.merge(operator.merge(contracts));
    expect(twice.digest).toBe(merged.digest);
    expect(told(methodOf(merged, "shop.v1.ShopService/Own"))).toEqual(
      told(methodOf(contracts, "shop.v1.ShopService/Own")),
    );
  });

  test("with itself changes nothing, and bundles of generated code keep their descriptors", () => {
    expect(contracts.merge(contracts).digest).toBe(contracts.digest);
    const merged = Contracts.of({ services: [OperatorService] }).merge(Contracts.of({ services: [DirectoryService] }));
    expect(merged.registry.getService(DirectoryService.typeName)).toBe(DirectoryService);
  });

  test("keeps this bundle's version of a file that both have", () => {
    const older = version("rpc Ask(M) returns (M);");
    const newer = version("rpc Ask(M) returns (M); rpc Tell(M) returns (M);");
    expect(newer.merge(older).digest).toBe(newer.digest);
    expect(older.merge(newer).methodNamed("a.v1.AService/Tell")).toBeUndefined();
  });

  test("of files that do not fit together is a typed error", () => {
    const older = version("rpc Ask(M) returns (M);");
    const newer = Contracts.decode(
      compileContracts({
        "a/v1/a.proto": `${head("a.v1")} message M { string id = 1; } message N {}`,
        "b/v1/b.proto": `syntax = "proto3"; package b.v1; import "a/v1/a.proto"; message B { a.v1.N n = 1; }`,
      }),
    );
    expect(() => older.merge(newer)).toThrow(expect.objectContaining({ code: "UNDECODABLE" }));
  });
});

/** A contract without the descriptor it was read from, and with maps as lists: what two bundles must agree on. */
function told(contract: {
  readonly desc: { readonly name: string };
  readonly retries: ReadonlyMap<string, unknown>;
}): unknown {
  return JSON.parse(
    JSON.stringify({
      ...contract,
      desc: contract.desc.name,
      retries: [...contract.retries],
    }),
  );
}
