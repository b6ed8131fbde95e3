// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  type DescField,
  type DescFile,
  type DescMessage,
  type DescMethod,
  type DescService,
  type FileRegistry,
  getOption,
  hasOption,
} from "@bufbuild/protobuf";
import {
  type EventPolicy,
  type FieldPolicy,
  field as fieldOption,
  type MethodPolicy,
} from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import { eventPolicyOf } from "../event-contract.ts";
import { defaultsFiles, meshPolicyOf } from "../mesh-defaults.ts";
import { methodPolicyOf, servicePolicyOf } from "../method-contract.ts";
import { type Element, fileOf, type Setting } from "./place.ts";

/** A policy at one level, and where it stands. */
export interface Level<Policy> {
  readonly element: Element;
  /** From the element's policy to this one, e.g. `["defaults"]`. */
  readonly setting: Setting;
  readonly policy: Policy;
}

/** A descriptor with the policy that it carries. */
export interface WithPolicy<Desc, Policy> {
  readonly desc: Desc;
  readonly policy: Policy;
}

/** What the rules look at: the elements of the files that are to be linted, with their policies. */
export class LintedContracts {
  /** All types of all files, also of those that are only imported. */
  readonly registry: FileRegistry;
  /** Files that set mesh defaults, of all files; the first one counts. */
  readonly defaults: readonly DescFile[];
  readonly services: readonly DescService[];
  readonly methods: readonly DescMethod[];
  readonly events: readonly WithPolicy<DescMessage, EventPolicy>[];
  readonly fields: readonly WithPolicy<DescField, FieldPolicy>[];
  readonly #included: (file: DescFile) => boolean;

  constructor(registry: FileRegistry, included: (file: DescFile) => boolean) {
    this.registry = registry;
    this.#included = included;
    this.defaults = defaultsFiles(registry.files);
    const types = [...registry].filter((type) => included(type.file));
    const messages = types.filter((type) => type.kind === "message");
    this.services = types.filter((type) => type.kind === "service");
    this.methods = this.services.flatMap(({ methods }) => methods);
    this.events = messages.flatMap((desc) => withPolicy(desc, eventPolicyOf(desc)));
    this.fields = messages
      .flatMap(({ fields }) => fields)
      .flatMap((desc) => withPolicy(desc, hasOption(desc, fieldOption) ? getOption(desc, fieldOption) : undefined));
  }

  /** The policies that settings of `method` are looked up in, nearest first. */
  levelsOf(method: DescMethod): readonly Level<MethodPolicy>[] {
    return [
      ...level(method, [], methodPolicyOf(method)),
      ...level(method.parent, ["defaults"], servicePolicyOf(method.parent)?.defaults),
      ...this.#meshCalls(),
    ];
  }

  /** The policies that settings of an event are looked up in, nearest first. */
  levelsOfEvent({ desc, policy }: WithPolicy<DescMessage, EventPolicy>): readonly Level<EventPolicy>[] {
    return [...level(desc, [], policy), ...this.#meshEvents()];
  }

  /** Every method policy that is written in a linted file, at whatever level. */
  methodPolicies(): readonly Level<MethodPolicy>[] {
    return [
      ...this.methods.flatMap((method) => level(method, [], methodPolicyOf(method))),
      ...this.services.flatMap((service) => level(service, ["defaults"], servicePolicyOf(service)?.defaults)),
      ...this.#meshCalls().filter(({ element }) => this.#included(fileOf(element))),
    ];
  }

  /** Every event policy that is written in a linted file, at whatever level. */
  eventPolicies(): readonly Level<EventPolicy>[] {
    return [
      ...this.events.flatMap(({ desc, policy }) => level(desc, [], policy)),
      ...this.#meshEvents().filter(({ element }) => this.#included(fileOf(element))),
    ];
  }

  #meshCalls(): readonly Level<MethodPolicy>[] {
    return this.defaults.slice(0, 1).flatMap((file) => level(file, ["calls"], meshPolicyOf(file)?.calls));
  }

  #meshEvents(): readonly Level<EventPolicy>[] {
    return this.defaults.slice(0, 1).flatMap((file) => level(file, ["events"], meshPolicyOf(file)?.events));
  }
}

function level<Policy>(element: Element, setting: Setting, policy: Policy | undefined): readonly Level<Policy>[] {
  return policy === undefined ? [] : [{ element, setting, policy }];
}

function withPolicy<Desc, Policy>(desc: Desc, policy: Policy | undefined): readonly WithPolicy<Desc, Policy>[] {
  return policy === undefined ? [] : [{ desc, policy }];
}
