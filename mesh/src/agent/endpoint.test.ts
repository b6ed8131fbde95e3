// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { NetworkInterfaceInfo } from "node:os";
import { expect, test } from "vitest";
import { assertAdvertisable, endpointOf } from "./endpoint.ts";

function at(address: string, internal = false): NetworkInterfaceInfo {
  const rest = { netmask: "", mac: "", internal, cidr: null };
  return address.includes(":")
    ? { ...rest, address, family: "IPv6", scopeid: 0 }
    : { ...rest, address, family: "IPv4" };
}

const url = "http://127.0.0.1:4711";

test("a host on loopback or on one address is reached by that address", () => {
  expect(endpointOf({ url })).toBe(url);
  expect(endpointOf({ url: "http://10.0.0.7:80", address: "10.0.0.7" })).toBe("http://10.0.0.7:80");
});

test("a host that listens on all addresses is reached by the first that is not loopback, IPv4 before IPv6", () => {
  const all = { lo: [at("127.0.0.1", true)], eth0: [at("fe80::1"), at("2001:db8::7"), at("10.0.0.7")] };
  expect(endpointOf({ url, address: "0.0.0.0" }, all)).toBe("http://10.0.0.7:4711");
  expect(endpointOf({ url, address: "::" }, { eth0: [at("fe80::1"), at("2001:db8::7")] })).toBe(
    "http://[2001:db8::7]:4711",
  );
  expect(endpointOf({ url, address: "0.0.0.0" }, { lo: [at("127.0.0.1", true)] })).toBe(url);
});

test("what is advertised goes before everything", () => {
  expect(endpointOf({ url, address: "0.0.0.0", advertise: "http://agents.example:80/" })).toBe(
    "http://agents.example:80",
  );
});

test.each(["agents.example:80", "nats://a:1", "http://a/path", "http://a?x=1", "http://me@a", ""])(
  "%j cannot be advertised",
  (advertise) => {
    expect(() => assertAdvertisable(advertise)).toThrow("cannot be advertised");
  },
);

test.each([undefined, "http://a", "https://a:1/"])("%j can be advertised", (advertise) => {
  expect(() => assertAdvertisable(advertise)).not.toThrow();
});
