// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage } from "@bufbuild/protobuf";
import { isAgentName } from "../contracts/agent-name.ts";
import type { AgentRole } from "../directory/agent-filter.ts";
import type { Journal } from "../journal/define-journal.ts";
import { MeshError } from "../mesh-error.ts";
import type { NamedProjection } from "../projection/define-projection.ts";
import type { SagaDefinition } from "../sagas/define-saga.ts";
import { definedBy, meshVersion } from "./agent-origin.ts";
import type { Fallback } from "./fallback.ts";
import type { Heard } from "./on.ts";
import type { Served } from "./serve.ts";

/** Something an agent is good at. */
export interface AgentSkill {
  /** What others look for, e.g. `compose-message`. */
  readonly id: string;
  /** For people. */
  readonly name?: string | undefined;
  /** What exactly, for people and models. */
  readonly description?: string | undefined;
}

/** Something outside that an agent can use. */
export interface AgentTool {
  /** What others look for, e.g. `send_sms`. */
  readonly name: string;
  /** What it does, for people and models. */
  readonly description?: string | undefined;
}

/** What an author says of an agent. */
export interface AgentInit {
  /** Dotted lower-case name, e.g. `outreach.sms`; the one that ServicePolicy.agent names. */
  readonly name: string;
  /** For people. */
  readonly description?: string | undefined;
  /** Default: DETERMINISTIC. */
  readonly role?: AgentRole | undefined;
  /** What it can be used for, e.g. `sms`; others find it by that. */
  readonly capabilities?: readonly string[] | undefined;
  /** What it is good at; others find it by their ids. */
  readonly skills?: readonly AgentSkill[] | undefined;
  /** What it can use; others find it by their names. */
  readonly tools?: readonly AgentTool[] | undefined;
  /** Model that it thinks with, e.g. `gpt-4o`. Default: none. */
  readonly model?: string | undefined;
  /** Default: `0.0.0`. */
  readonly version?: string | undefined;
  /** Permissions that it holds towards other agents' methods. */
  readonly permissions?: readonly string[] | undefined;
  readonly serves?: readonly Served[] | undefined;
  readonly hears?: readonly Heard[] | undefined;
  /** Sagas that its instances drive. */
  readonly sagas?: readonly SagaDefinition[] | undefined;
  /** Events that it publishes whose files no served or heard contract imports: their streams are made at the start. */
  readonly publishes?: readonly DescMessage[] | undefined;
  /** Journals of packages that none of its contracts is of: their streams are made at the start. */
  readonly journals?: readonly Pick<Journal<unknown, DescMessage>, "domain">[] | undefined;
  /** How methods take over from others that it calls, or runs commands of. */
  readonly fallbacks?: readonly Fallback[] | undefined;
  /** Read models that each instance keeps up for `ctx.view`; it takes no calls before they have what there is. */
  readonly projections?: readonly NamedProjection[] | undefined;
}

/** An agent, ready to be hosted. */
export type Agent = {
  readonly [K in keyof AgentInit]-?: Exclude<AgentInit[K], undefined>;
} & {
  /** Version of this package that defined it; a host of another one refuses it. */
  readonly [definedBy]?: unknown;
};

/**
 * Defines an agent. Nothing runs until a host takes it.
 *
 * @throws MeshError REFUSED when the name is not dotted lower case or two hearers share one name
 */
export function defineAgent(init: AgentInit): Agent {
  if (!isAgentName(init.name)) refuse(`"${init.name}" is no agent name; write dotted lower case, e.g. "outreach.sms"`);
  const hears = init.hears ?? [];
  for (const [index, { name }] of hears.entries()) {
    if (hears.findIndex((other) => other.name === name) === index) continue;
    refuse(`agent "${init.name}" has two hearers named "${name}"; give each its own name`);
  }
  const sagas = init.sagas ?? [];
  for (const [index, { name }] of sagas.entries()) {
    if (sagas.findIndex((other) => other.name === name) === index) continue;
    refuse(`agent "${init.name}" has two sagas named "${name}"; give each its own name`);
  }
  return Object.freeze({
    description: "",
    role: "DETERMINISTIC",
    capabilities: [],
    skills: [],
    tools: [],
    model: "",
    version: "0.0.0",
    permissions: [],
    serves: [],
    sagas: [],
    publishes: [],
    journals: [],
    projections: [],
    fallbacks: [],
    ...init,
    hears,
    [definedBy]: meshVersion,
  } as Agent);
}

function refuse(message: string): never {
  throw new MeshError({ code: "REFUSED", message });
}
