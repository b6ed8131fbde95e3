// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, SourceCodeInfoSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { compileContracts } from "../testdata/compile.ts";
import { findingText } from "./finding.ts";
import { lintContracts } from "./lint-contracts.ts";

/** A contract with nothing to complain about; the others differ from it in one thing. */
const sound = `
service OrderService {
  option (parley.mesh.v1.service) = {
    agent: "shop.orders"
    defaults: { permission: "PLACE_ORDER" breaker: { failure_rate: 1 window: {seconds: 5} } }
    outside: [{ name: "smtp" timeout: {seconds: 3} breaker: { half_open_probes: 1 } }, { name: "ftp" }]
  };
  rpc Place(Order) returns (Order) {
    option (parley.mesh.v1.method) = {
      idempotency_key: "id" fallback: "PACKAGE.OrderService/Mail" max_concurrency: 1
      retry: { delays: [{seconds: 1}] jitter: 0 max_retry_after: {seconds: 1} } command: { order_key: "place.shelf" }
    };
  }
  rpc Mail(Order) returns (Order) { option (parley.mesh.v1.method) = { permission: "*" retry: {} command: {} }; }
}
message Place { int64 shelf = 1; }
message Order { string id = 1; Place place = 2; string phone = 3 [(parley.mesh.v1.field) = { sensitivity: SENSITIVITY_SENSITIVE sealed: true data_subject: "id" }]; }
message ShopOrderPlaced {
  option (parley.mesh.v1.event) = { name: "SHOP_ORDER_PLACED" delivery: DELIVERY_AT_LEAST_ONCE key: "order.place.shelf" aliases: ["PACKAGE_PLACED"] hear_permission: "HEAR_2" };
  Order order = 1;
}
`;

/** Services, methods or messages with one fault each, and the findings that are expected: place, rule, words. */
const faults: readonly [name: string, body: string, ...findings: string[]][] = [
  [
    "agent",
    `service MailAgentService { rpc Send(M) returns (M) { option (parley.mesh.v1.method) = { permission: "*" }; } }`,
    'service-agent: service "MailAgentService" names no agent; write option (parley.mesh.v1.service) = { agent: "agent.mail" };',
  ],
  [
    "agent_name",
    `service MailService {\n  option (parley.mesh.v1.service) = { agent: "Mail-Agent" };\n  rpc Send(M) returns (M) { option (parley.mesh.v1.method) = { permission: "*" }; }\n}`,
    '1:1: service-agent: "Mail-Agent", the agent of service "MailService", is no agent name: those are dotted lower case; write option (parley.mesh.v1.service) = { agent: "agent_name.mail" };',
  ],
  [
    "permission",
    `service S {\n  option (parley.mesh.v1.service) = { agent: "s" };\n  rpc SendMail(M) returns (M);\n}`,
    '3:3: method-permission: "SendMail" has a permission at no level; write option (parley.mesh.v1.method) = { permission: "SEND_MAIL" }; or "*" for any caller',
  ],
  [
    "permission_name",
    service(`permission: "send sms"`),
    '3:40: permission-name: "send sms" is no name of a permission; write SCREAMING_SNAKE like "SEND_SMS", or "*" for any caller',
  ],
  [
    "permission_empty",
    event(`name: "ITEM_SOLD" delivery: DELIVERY_AT_MOST_ONCE key: "id" publish_permission: ""`),
    'permission-name: "" is no name of a permission; write SCREAMING_SNAKE like "SEND_SMS", or "*" for any caller',
  ],
  [
    "retry",
    service(`retry: { delays: [{seconds: 1}] }`),
    'retry-idempotent: "Do" would be retried though a repeat may do harm; write option idempotency_level = IDEMPOTENT; or an idempotency_key, or an own retry: {} that means never',
  ],
  [
    "retry_level",
    `service S { option (parley.mesh.v1.service) = { agent: "s" defaults: { permission: "*"\n    retry_by_class: { error_class: ERROR_CLASS_TIMEOUT retry: { delays: {seconds: 1} } } } };
  rpc Reads(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }\n  rpc Acts(M) returns (M); }`,
    '2:5: retry-idempotent: "Acts" would be retried though a repeat may do harm; write option idempotency_level = IDEMPOTENT; or an idempotency_key, or an own retry: {} that means never',
  ],
  [
    "retry_not_run",
    service(`retry_by_class: [{ error_class: ERROR_CLASS_RATE_LIMIT retry: { delays: [{seconds: 1}] } }]`),
  ],
  [
    "retry_class",
    service(
      `retry_by_class: [{ error_class: ERROR_CLASS_INVALID }, { error_class: ERROR_CLASS_CONFLICT }, { error_class: ERROR_CLASS_CONFLICT }]`,
    ),
    'retry-schedule: errors of class "ERROR_CLASS_INVALID" do not pass by themselves; write one of ERROR_CLASS_TRANSIENT, ERROR_CLASS_RATE_LIMIT, ERROR_CLASS_UNAVAILABLE, ERROR_CLASS_TIMEOUT, ERROR_CLASS_CONFLICT, ERROR_CLASS_INTERNAL',
    '3:40: retry-schedule: "ERROR_CLASS_CONFLICT" already has a schedule at this level; write each class at most once',
  ],
  [
    "retry_numbers",
    event(
      `name: "ITEM_SOLD" delivery: DELIVERY_AT_MOST_ONCE key: "id" retry: { delays: [{seconds: 1}, {}] jitter: 1.5 max_retry_after: {seconds: -1} }`,
    ),
    "retry-schedule: delay 2 is not positive; write {seconds: 1} or more",
    "retry-schedule: jitter 1.5 is not a share; write 0 to 1, e.g. 0.2",
    "retry-schedule: max_retry_after is not positive; write {seconds: 600} or leave it out",
  ],
  [
    "breaker",
    service(`breaker: { failure_rate: 0 window: {} open_for: {nanos: 400} minimum_calls: 0 half_open_probes: 0 }`),
    "breaker-limits: failure_rate 0 is not a share; write above 0 to 1, e.g. 0.5",
    "breaker-limits: window is not positive; write {seconds: 60} or leave it out",
    "breaker-limits: open_for is not positive; write {seconds: 60} or leave it out",
    "breaker-limits: minimum_calls is 0; write 1 or more",
    "breaker-limits: half_open_probes is 0: it would never close; write 1 or more",
  ],
  [
    "breaker_outside",
    `service S { option (parley.mesh.v1.service) = { agent: "s" outside: [{ name: "a" },\n  { name: "b" breaker: { failure_rate: 1.1 } }] }; }`,
    "1:60: breaker-limits: failure_rate 1.1 is not a share; write above 0 to 1, e.g. 0.5",
  ],
  [
    "durations",
    service(`timeout: {} total_timeout: {seconds: -3} command: { expires_after: {} } max_concurrency: 0`),
    "positive-limits: timeout is not positive; write timeout: {seconds: 30} or whatever is right",
    "positive-limits: total_timeout is not positive; write total_timeout: {seconds: 30} or whatever is right",
    "positive-limits: expires_after is not positive; write expires_after: {seconds: 30} or whatever is right",
    "positive-limits: max_concurrency is 0: every call would be refused; write max_concurrency: 64 or leave it out",
  ],
  [
    "event_durations",
    event(`name: "ITEM_SOLD" delivery: DELIVERY_AT_MOST_ONCE key: "id" timeout: {} retention: {}`),
    "positive-limits: timeout is not positive; write timeout: {seconds: 30} or whatever is right",
    "positive-limits: retention is not positive; write retention: {seconds: 30} or whatever is right",
  ],
  [
    "outside",
    `service S { option (parley.mesh.v1.service) = { agent: "s" outside: [{ name: "a" timeout: {} }, { name: "a" }, {}] }; }`,
    "positive-limits: timeout is not positive; write timeout: {seconds: 30} or whatever is right",
    'outside-name: outside system 3 has no name; write a name that is unique in the service, like "smtp"',
    'outside-name: "a" names two outside systems; write a name that is unique in the service, like "smtp"',
  ],
  [
    "fallback",
    service(`fallback: "fault.fallback.S/Nothing"`),
    'method-fallback: fallback "fault.fallback.S/Nothing" of "Do" is no known method; write the full name of another unary method, like "shop.v1.OrderService/PlaceOrder"',
  ],
  [
    "fallback_self",
    service(`fallback: "fault.fallback_self.S/Do"`),
    'method-fallback: "Do" falls back to itself; write the full name of another unary method, like "shop.v1.OrderService/PlaceOrder"',
  ],
  [
    "fallback_stream",
    `service S { option (parley.mesh.v1.service) = { agent: "s" defaults: { permission: "*" } };
  rpc Do(M) returns (M) { option (parley.mesh.v1.method) = { fallback: "fault.fallback_stream.S/Watch" }; }
  rpc Watch(M) returns (stream M) { option (parley.mesh.v1.method) = { fallback: "fault.fallback_stream.S/Do" }; } }`,
    '2:62: method-fallback: fallback "fault.fallback_stream.S/Watch" of "Do" is a stream; write the full name of another unary method, like "shop.v1.OrderService/PlaceOrder"',
    '3:72: method-fallback: "Watch" is a stream, which cannot fall back; write the full name of another unary method, like "shop.v1.OrderService/PlaceOrder"',
  ],
  [
    "fallback_loop",
    `service S { option (parley.mesh.v1.service) = { agent: "s" defaults: { permission: "*" } };
  rpc A(M) returns (M) { option (parley.mesh.v1.method) = { fallback: "fault.fallback_loop.S/B" }; }
  rpc B(M) returns (M) { option (parley.mesh.v1.method) = { fallback: "fault.fallback_loop.S/A" }; } }`,
    '2:61: method-fallback: the fallbacks of "A" lead back: "S/A", "S/B", "S/A"; write the full name of another unary method, like "shop.v1.OrderService/PlaceOrder"',
    '3:61: method-fallback: the fallbacks of "B" lead back: "S/B", "S/A", "S/B"; write the full name of another unary method, like "shop.v1.OrderService/PlaceOrder"',
  ],
  [
    "fallback_command",
    `service S { option (parley.mesh.v1.service) = { agent: "s" defaults: { permission: "*" } };
  rpc A(M) returns (M) { option (parley.mesh.v1.method) = { fallback: "fault.fallback_command.S/B" command: {} }; }
  rpc B(M) returns (M); }`,
    '2:61: method-fallback: "A" may be dispatched, but its fallback "B" has no command policy; write the full name of another unary method, like "shop.v1.OrderService/PlaceOrder"',
  ],
  [
    "event_breaker",
    event(`name: "ITEM_SOLD" delivery: DELIVERY_AT_LEAST_ONCE key: "id" breaker: { half_open_probes: 0 }`),
    "breaker-limits: half_open_probes is 0: it would never close; write 1 or more",
  ],
  [
    "http_path",
    http(`post: "/v1/{id"`),
    'http-path: "/v1/{id" is no path template: "}" is missing at character 8; write e.g. option (google.api.http) = {get: "/api/things/{thing_id}"};',
  ],
  [
    "http_field",
    http(`post: "/v1/{name}"`),
    'http-path: google.api.http of "fault.http_field.S/Do" cannot be served: "{name}" leads to no field: "name" is none; write e.g. option (google.api.http) = {get: "/api/things/{thing_id}"};',
  ],
  [
    "http_body",
    http(`post: "/v1/a" body: "name"`),
    'http-path: google.api.http of "fault.http_body.S/Do" cannot be served: "fault.http_body.M" has no field "name"; write e.g. option (google.api.http) = {get: "/api/things/{thing_id}"};',
  ],
  [
    "http_get",
    http(`get: "/v1/{id}"`),
    'http-path: "Do" is called by GET, which browsers and caches repeat, but may have side effects; write option idempotency_level = NO_SIDE_EFFECTS; or post instead of get',
  ],
  [
    "http_get_body",
    http(`get: "/v1/{id}" body: "*"`),
    'http-path: google.api.http of "fault.http_get_body.S/Do" cannot be served: GET has no body; write e.g. option (google.api.http) = {get: "/api/things/{thing_id}"};',
  ],
  [
    "http_stream",
    `service S { option (parley.mesh.v1.service) = { agent: "s" defaults: { permission: "*" } };
  rpc Do(stream M) returns (M) { option (google.api.http) = { post: "/v1/a" body: "*" }; } }`,
    '2:3: http-path: google.api.http of "fault.http_stream.S/Do" cannot be served: it streams its requests, which HTTP paths cannot carry; write e.g. option (google.api.http) = {get: "/api/things/{thing_id}"};',
  ],
  [
    "http_conflict",
    `service S { option (parley.mesh.v1.service) = { agent: "s" defaults: { permission: "*" } };
  rpc Do(M) returns (M) { option (google.api.http) = { post: "/v1/{id}" }; }
  rpc Undo(M) returns (M) { option (google.api.http) = { post: "/v1/a" additional_bindings: { post: "/v1/*" } }; } }`,
    '3:3: http-conflict: "POST /v1/*" of "Undo" already calls "fault.http_conflict.S/Do"; write a path of its own',
  ],
  [
    "paths",
    service(`idempotency_key: "who" command: { order_key: "id.of" }`),
    'field-paths: field path "who" of "fault.paths.M" cannot be used: "fault.paths.M" has no field "who"; write a path of field names to a string, boolean, enum or whole number, like "order.customer_id"',
    'field-paths: field path "id.of" of "fault.paths.M" cannot be used: "id" has no field "of"; write a path of field names to a string, boolean, enum or whole number, like "order.customer_id"',
  ],
  [
    "subject",
    `message Person {\n  string id = 1;\n  string name = 2 [(parley.mesh.v1.field) = {sealed: true data_subject: "ident"}];\n}`,
    '3:59: field-paths: field path "ident" of "fault.subject.Person" cannot be used: "fault.subject.Person" has no field "ident"; write a path of field names to a string, boolean, enum or whole number, like "order.customer_id"',
  ],
  [
    "sealed",
    `message Outer { message Person {\n  string id = 1;\n  string name = 2 [(parley.mesh.v1.field).sensitivity = SENSITIVITY_SENSITIVE];\n  string mail = 3 [(parley.mesh.v1.field).data_subject = "id"]; } }`,
    '3:20: field-sealed: field "name" is SENSITIVE but not sealed; write sealed: true beside the sensitivity',
    '4:20: field-sealed: field "mail" has a data_subject but is not sealed: erasing the person would not make it unreadable; write sealed: true beside the data_subject',
  ],
  [
    "name",
    event(`name: "SALE" delivery: DELIVERY_AT_MOST_ONCE key: "id"`),
    '3:37: event-name: name "SALE" is not that of message "ItemSold"; write name: "ITEM_SOLD" and, if peers use the other, aliases: ["SALE"]',
  ],
  [
    "name_missing",
    event(`delivery: DELIVERY_AT_MOST_ONCE key: "id"`),
    '3:10: event-name: event "ItemSold" has no name; write name: "ITEM_SOLD"',
  ],
  [
    "name_module",
    `message Sold { option (parley.mesh.v1.event) = { name: "SOLD" delivery: DELIVERY_AT_MOST_ONCE key: "id" }; string id = 1; }`,
    '1:1: event-name: "Sold" does not say which module it comes from; write a message name of module and what happened, like DriveFileAdded',
  ],
  [
    "delivery",
    event(`name: "ITEM_SOLD" key: "id"`),
    'event-delivery: event "ItemSold" has no delivery; write delivery: DELIVERY_AT_LEAST_ONCE, or AT_MOST_ONCE or EFFECTIVELY_ONCE',
  ],
  [
    "delivery_unspecified",
    event(`name: "ITEM_SOLD" key: "id" delivery: DELIVERY_UNSPECIFIED`),
    '3:65: event-delivery: event "ItemSold" has no delivery; write delivery: DELIVERY_AT_LEAST_ONCE, or AT_MOST_ONCE or EFFECTIVELY_ONCE',
  ],
  [
    "key",
    event(`name: "ITEM_SOLD" delivery: DELIVERY_AT_MOST_ONCE`),
    'event-key: event "ItemSold" has no key; write key: a path of field names to a string, boolean, enum or whole number, like "order.customer_id"',
  ],
  [
    "key_nowhere",
    event(`name: "ITEM_SOLD" delivery: DELIVERY_AT_MOST_ONCE key: "weight"`),
    'event-key: field path "weight" of "fault.key_nowhere.ItemSold" cannot be used: "weight" is not a single string, boolean, enum or whole number; write a path of field names to a string, boolean, enum or whole number, like "order.customer_id"',
  ],
  [
    "key_sealed",
    event(`name: "ITEM_SOLD" delivery: DELIVERY_AT_MOST_ONCE key: "person"`),
    'event-key: key "person" is sealed, but subjects show keys to everyone on the broker; write the path of an id that says nothing about a person',
  ],
];

function service(methodPolicy: string): string {
  return `service S { option (parley.mesh.v1.service) = { agent: "s" defaults: { permission: "*" } };
  rpc Do(M) returns (M) {
    option (parley.mesh.v1.method) = { ${methodPolicy} };
  } }`;
}

function http(rule: string): string {
  return `service S { option (parley.mesh.v1.service) = { agent: "s" defaults: { permission: "*" } };
  rpc Do(M) returns (M) { option (google.api.http) = { ${rule} }; } }`;
}

function event(policy: string): string {
  return `// What was sold.
message ItemSold {
  option (parley.mesh.v1.event) = { ${policy} };
  string id = 1; double weight = 2; string person = 3 [(parley.mesh.v1.field).sealed = true]; }`;
}

function meshDefaults(policy: string): string {
  return `option (parley.mesh.v1.mesh) = { ${policy} };`;
}

/** The body stands behind one line of its own, so that places in it count from line 2. */
function file(name: string, body: string): string {
  return `syntax = "proto3"; package ${name}; import "parley/mesh/v1/policy.proto"; import "google/api/annotations.proto"; message M { string id = 1; }\n${body}`;
}

const sources = Object.fromEntries(faults.map(([name, body]) => [`${name}.proto`, file(`fault.${name}`, body)]));
const taskDone = `message TaskDone {
  option (parley.mesh.v1.event) = { name: "TASK_DONE" delivery: DELIVERY_AT_MOST_ONCE key: "id" aliases: ["DONE"] };
  string id = 1; }`;
const bytes = compileContracts({
  ...sources,
  "sound.proto": file("sound.v1", sound.replaceAll("PACKAGE", "sound.v1")),
  "task/v1.proto": file("task.v1", taskDone),
  "task/v2.proto": file("task.v2", taskDone),
  "work.proto": file("work.v1", taskDone),
});
const lint = (name: string) => lintContracts(bytes, { include: (path) => path === `${name}.proto` });

describe("the contract lint", () => {
  test.for(faults)("finds what is wrong in %s, and nothing else [R16]", ([name, , ...expected]) => {
    const found = lint(name);
    expect(found.map(({ rule, message }) => `${rule}: ${message}`).sort()).toEqual(
      expected.map((text) => text.replace(/^\d+:\d+: /, "")).sort(),
    );
    for (const text of expected.filter((one) => /^\d/.test(one))) {
      const [line, ...rest] = text.split(":");
      // Line 1 of a fault's body is line 2 of its file.
      expect(found.map(findingText)).toEqual(
        expect.arrayContaining([[`${name}.proto`, Number(line) + 1, ...rest].join(":")]),
      );
    }
  });

  test("finds nothing in a sound contract, nor in the mesh's own", () => {
    expect(lint("sound")).toEqual([]);
    expect(lint("parley/mesh/v1/policy")).toEqual([]);
  });

  test("finds one name on two events, unless they are versions of one", () => {
    const among = (...paths: string[]) => lintContracts(bytes, { include: (path) => paths.includes(path) });
    expect(among("task/v1.proto", "task/v2.proto")).toEqual([]);
    expect(among("task/v1.proto", "work.proto").map(findingText)).toEqual([
      'work.proto:3:37: event-name: "TASK_DONE" already means event "task.v1.TaskDone"; write a name that no other event has',
      'work.proto:3:97: event-name: "DONE" already means event "task.v1.TaskDone"; write a name that no other event has',
    ]);
  });

  test("looks at mesh defaults, of which only one file may have some", () => {
    const two = compileContracts({
      "mesh_one.proto": file("one", meshDefaults("calls: {timeout: {seconds: 0}} events: {timeout: {seconds: 0}}")),
      "mesh_two.proto": file("two", meshDefaults('calls: {permission: "*"}')),
    });
    const timeout = "positive-limits: timeout is not positive; write timeout: {seconds: 30} or whatever is right";
    expect(lintContracts(two, { include: (path) => path.startsWith("mesh_") }).map(findingText)).toEqual([
      `mesh_one.proto:2:52: ${timeout}`,
      `mesh_one.proto:2:84: ${timeout}`,
      'mesh_two.proto:2:42: mesh-defaults: option (parley.mesh.v1.mesh) is also set by "mesh_one.proto"; write the option in one of the two files',
    ]);
  });

  test("lets a mesh retry in general, since a method may say otherwise and only what has not run is tried again", () => {
    const retry = "retry: { delays: [{seconds: 1}] }";
    const set = compileContracts({
      "mesh.proto": file("mesh", meshDefaults(`calls: { timeout: {seconds: 1} permission: "*" ${retry} }`)),
      "acts.proto": file("acts", service("priority: PRIORITY_LOW")),
    });
    expect(lintContracts(set, { include: (path) => path !== "buf/validate/validate.proto" })).toEqual([]);
  });

  test("has no places to tell where a descriptor set holds none, but still finds", () => {
    const set = fromBinary(FileDescriptorSetSchema, bytes);
    for (const one of set.file) one.sourceCodeInfo = create(SourceCodeInfoSchema);
    const bare = lintContracts(toBinary(FileDescriptorSetSchema, set), { include: (path) => path === "agent.proto" });
    expect(bare).toMatchObject([{ file: "agent.proto", line: 1, column: 1, rule: "service-agent" }]);
  });

  test("refuses bytes that are no descriptor set", () => {
    expect(() => lintContracts(new Uint8Array([9, 9]))).toThrow(expect.objectContaining({ code: "UNDECODABLE" }));
  });
});
