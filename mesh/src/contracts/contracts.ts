// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import {
  createRegistry,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescService,
  type FileRegistry,
} from "@bufbuild/protobuf";
import type { MeshPolicy } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import { eventPolicyOf, readEvent } from "./event-contract.ts";
import { decodedRegistry, descriptorSetBytes, withImports } from "./file-set.ts";
import { defaultsFile, meshPolicyOf } from "./mesh-defaults.ts";
import { readMethod, servicePolicyOf } from "./method-contract.ts";
import type { EventContract, MethodContract } from "./policy.ts";

/** What a bundle is made of: generated descriptors. Everything else in their files, and in what these import, comes along. */
export interface ContractsInit {
  readonly services?: readonly DescService[] | undefined;
  readonly events?: readonly DescMessage[] | undefined;
  /** Further files, e.g. the one that sets the mesh defaults: nothing imports it. */
  readonly files?: readonly DescFile[] | undefined;
}

/**
 * The contracts of a mesh: every service and event that has a policy in a closed set of files, each policy looked up once
 * and frozen. A bundle decoded from another's descriptor set equals it in everything.
 */
export class Contracts {
  /** Services that have a policy, by full name. */
  readonly services: readonly DescService[];
  /** Events, by full name. */
  readonly events: readonly EventContract[];
  /** Proto packages of all these, sorted. */
  readonly domains: readonly string[];
  /** Every type of every file. */
  readonly registry: FileRegistry;
  readonly #mesh: MeshPolicy | undefined;
  readonly #methods = new Map<DescMethod, MethodContract>();
  readonly #methodNames: ReadonlyMap<string, MethodContract>;
  readonly #events = new Map<DescMessage, EventContract>();
  readonly #eventNames: ReadonlyMap<string, EventContract>;
  #bytes: Uint8Array | undefined;
  #digest: string | undefined;

  private constructor(roots: Iterable<DescFile>) {
    const all = withImports(roots);
    const defaults = defaultsFile(all);
    const files = withImports([...all, defaults]);
    this.#mesh = meshPolicyOf(defaults);
    const types = createRegistry(...files);
    const byName = new Map(files.map((file) => [file.proto.name, file]));
    this.registry = { ...types, files, getFile: (name) => byName.get(name) };
    this.services = [...types]
      .filter((type) => type.kind === "service")
      .filter(servicePolicyOf)
      .sort(byTypeName);
    this.events = [...types]
      .filter((type) => type.kind === "message")
      .filter(eventPolicyOf)
      .sort(byTypeName)
      .map((desc) => this.event(desc));
    const packages = [...this.services, ...this.events.map(({ desc }) => desc)].map(({ file }) => file.proto.package);
    this.domains = [...new Set(packages)].sort();
    const methods = this.services.flatMap((service) => service.methods.map((desc) => this.method(desc)));
    this.#methodNames = new Map(methods.map((contract) => [contract.name, contract]));
    this.#eventNames = namesOf(this.events);
  }

  /**
   * Bundles generated descriptors.
   *
   * @throws MeshError CONTRACT_INCOMPLETE when one has no policy, or lacks a required setting at every level, or when two
   * files set the mesh defaults.
   */
  static of({ services = [], events = [], files = [] }: ContractsInit): Contracts {
    const contracts = new Contracts([...services, ...events].map(({ file }) => file).concat(files));
    // Without a policy of their own they are not among the bundle's, and would be missed only when first used.
    for (const service of services) for (const method of service.methods) contracts.method(method);
    for (const event of events) contracts.event(event);
    return contracts;
  }

  /**
   * Bundles what another process describes by its {@link fileDescriptorSet}, or a compiler by its output.
   *
   * @throws MeshError UNDECODABLE when the bytes are not a complete descriptor set, CONTRACT_INCOMPLETE as `of` does.
   */
  static decode(fileDescriptorSet: Uint8Array): Contracts {
    return new Contracts(decodedRegistry(fileDescriptorSet).files);
  }

  /**
   * The policy of any method, in this bundle or not: what it lacks comes from this bundle's mesh defaults.
   *
   * @throws MeshError CONTRACT_INCOMPLETE.
   */
  method(desc: DescMethod): MethodContract {
    const known = this.#methods.get(desc);
    if (known !== undefined) return known;
    const contract = readMethod(desc, this.#mesh?.calls);
    this.#methods.set(desc, contract);
    return contract;
  }

  /** The policy of the method called `package.Service/Method`; undefined when the bundle has none. */
  methodNamed(name: string): MethodContract | undefined {
    return this.#methodNames.get(name);
  }

  /**
   * The policy of any event, in this bundle or not.
   *
   * @throws MeshError CONTRACT_INCOMPLETE, also when the message is no event.
   */
  event(desc: DescMessage): EventContract {
    const known = this.#events.get(desc);
    if (known !== undefined) return known;
    const contract = readEvent(desc, this.#mesh?.events);
    this.#events.set(desc, contract);
    return contract;
  }

  /** The event of that full proto name, contract name or alias, looked for in this order. */
  eventNamed(name: string): EventContract | undefined {
    return this.#eventNames.get(name);
  }

  /** A google.protobuf.FileDescriptorSet of all files, dependencies first: what `decode` takes. */
  get fileDescriptorSet(): Uint8Array {
    this.#bytes ??= descriptorSetBytes([...this.registry.files]);
    return this.#bytes;
  }

  /**
   * SHA-256 of the descriptor set, in hexadecimal. A compiler's output spells out JSON names that generated code leaves out,
   * so compare only digests of bundles that come from the same of the two.
   */
  get digest(): string {
    this.#digest ??= createHash("sha256").update(this.fileDescriptorSet).digest("hex");
    return this.#digest;
  }

  /**
   * Both bundles as one. Where both have a file of one name and they differ, this bundle's stays: merge older contracts
   * into newer ones. Descriptors may be other objects than those of either bundle.
   *
   * @throws MeshError UNDECODABLE when the files do not fit together, CONTRACT_INCOMPLETE as `of` does.
   */
  merge(other: Contracts): Contracts {
    const union = withImports([...this.registry.files, ...other.registry.files]);
    const fits = union.every((file) => file.dependencies.every((dependency) => union.includes(dependency)));
    return new Contracts(fits ? union : decodedRegistry(descriptorSetBytes(union)).files);
  }
}

/** Every name of every event. A full name beats a contract name, which beats an alias. */
function namesOf(events: readonly EventContract[]): ReadonlyMap<string, EventContract> {
  const names = new Map<string, EventContract>();
  const add = (name: string, event: EventContract) => names.has(name) || names.set(name, event);
  for (const event of events) add(event.typeName, event);
  for (const event of events) add(event.name, event);
  for (const event of events) for (const alias of event.aliases) add(alias, event);
  return names;
}

function byTypeName(a: { readonly typeName: string }, b: { readonly typeName: string }): number {
  return a.typeName < b.typeName ? -1 : 1;
}
