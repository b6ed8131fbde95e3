// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type JsonObject, toJson } from "@bufbuild/protobuf";
import { Contracts, httpBindings } from "@parley/mesh/contracts";
import { describe, expect, test } from "vitest";
import { type Thing, ThingSchema, ThingService } from "../../../test/gen/parley/test/v1/thing_pb.js";
import { JsonForm } from "./json-form.ts";
import { requestMessage } from "./request-message.ts";
import { RequestPath } from "./request-path.ts";
import { RouteTable } from "./route-table.ts";
import { accepted } from "./testdata/accepted.ts";
import { lost, refused } from "./testdata/refused.ts";

const contracts = Contracts.of({ services: [ThingService] });
const json = new JsonForm(contracts.registry);
const table = new RouteTable(
  ThingService.methods.flatMap((desc) =>
    httpBindings(desc).map((binding) => ({ binding, contract: contracts.method(desc), json })),
  ),
);

function find(request: string) {
  const [, method = "", path = "", query = ""] = /^(\w+) ([^?]*)\??(.*)$/s.exec(request) ?? [];
  const parsed = new RequestPath(path);
  return { found: table.find(method, parsed), path: parsed, query };
}

function transcode(request: string, body: string | undefined = "", idempotencyKey?: string) {
  const { found, path, query } = find(request);
  if (found.kind !== "route") throw new Error(`${request}: ${found.kind}`);
  const message = requestMessage(found.route, { path, query, body, idempotencyKey });
  const options = { useProtoFieldName: true, registry: contracts.registry };
  return {
    method: found.route.binding.desc.name,
    message: toJson(ThingSchema, message as Thing, options) as JsonObject,
  };
}

describe("a request becomes the message that its contract's path says:", () => {
  for (const [rule, request, method, message, body] of accepted) {
    test(`${rule}: ${request}`, () => {
      expect(transcode(request, body)).toEqual({ method, message });
    });
  }
});

describe("a request that means no message is refused, and told why:", () => {
  for (const [rule, request, said, body] of refused) {
    test(`${rule}: ${request}`, () => {
      const problem = { code: "UNDECODABLE", message: expect.stringContaining(said) };
      expect(() => transcode(request, body)).toThrow(expect.objectContaining(problem));
    });
  }
});

describe("a request line that leads nowhere leads nowhere:", () => {
  for (const [rule, request, allowed] of lost) {
    test(`${rule}: ${request}`, () => {
      const { found } = find(request);
      expect(found).toEqual(allowed.length === 0 ? { kind: "nothing" } : { kind: "other-methods", allowed });
    });
  }
});

describe("an idempotency key", () => {
  test("goes into the field that the contract names", () => {
    expect(transcode("POST /v1/things/a:archive", "{}", "k-1").message).toEqual({ text: "a", word: "k-1" });
  });

  test("may be given twice, when it is the same", () => {
    expect(transcode("POST /v1/things/a:archive", '{"word":"k-1"}', "k-1").message).toMatchObject({ word: "k-1" });
    expect(() => transcode("POST /v1/things/a:archive", '{"word":"k-2"}', "k-1")).toThrow('header "Idempotency-Key"');
    expect(() => transcode("POST /v1/things/a:archive", '{"number":2}', "k-1")).toThrow('header "Idempotency-Key"');
  });

  test("changes no message of a method whose contract names no field for it", () => {
    expect(transcode("POST /v1/things", "{}", "k-1").message).toEqual({});
  });
});
