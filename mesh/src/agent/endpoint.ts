// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { isIPv6 } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { MeshError } from "../mesh-error.ts";

/** What the address that others are told follows from. */
export interface EndpointInit {
  /** Where the port is reached from this machine. */
  readonly url: string;
  /** Address that is listened on; unset: loopback. */
  readonly address?: string | undefined;
  /** What the operator says others reach it by. */
  readonly advertise?: string | undefined;
}

const wildcards: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/**
 * The address that the directory gives to callers: what `advertise` says; else the address that is listened on; where that is
 * a wildcard, this machine's first one that is not loopback, IPv4 before IPv6. An IP address and not the host's name, which in
 * Kubernetes and on many networks nobody else can resolve.
 */
export function endpointOf({ url, address, advertise }: EndpointInit, interfaces = networkInterfaces()): string {
  if (advertise !== undefined) return advertise.replace(/\/+$/, "");
  if (address === undefined || !wildcards.has(address)) return url;
  const found = outside(interfaces);
  if (found === undefined) return url;
  return `http://${isIPv6(found) ? `[${found}]` : found}:${new URL(url).port}`;
}

/** @throws MeshError REFUSED when what is to be advertised is not an http(s) address without a path */
export function assertAdvertisable(advertise: string | undefined): void {
  if (advertise === undefined) return;
  const url = URL.canParse(advertise) ? new URL(advertise) : undefined;
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (isHttp && url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "") return;
  const message = `"${advertise}" cannot be advertised; give an address that other hosts reach, like "http://10.0.0.7:8080"`;
  throw new MeshError({ code: "REFUSED", message });
}

function outside(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): string | undefined {
  const addresses = Object.values(interfaces).flatMap((each) => each ?? []);
  // Link-local addresses of IPv6 mean nothing without the name of the interface.
  const usable = addresses.filter(({ internal, address }) => !internal && !address.toLowerCase().startsWith("fe80:"));
  return (usable.find(({ family }) => family === "IPv4") ?? usable[0])?.address;
}
