// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Priority } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import { keyToken, nameToken } from "./key-token.ts";

/** How many ways the messages of EVENTS and COMMANDS are split by key. Cannot be changed later: it would reorder keys. */
export const partitions = 16;

/** Lanes in the order of service under load. */
export const lanes = ["critical", "high", "medium", "low"] as const;
export type Lane = (typeof lanes)[number];

/** What an event's subjects need of its contract. */
export interface EventAddress {
  /** Proto package. */
  readonly domain: string;
  /** Full proto name. */
  readonly typeName: string;
  readonly priority: Priority;
}

/** What a command's subjects need of its contract. */
export interface MethodAddress {
  /** `package.Service/Method`. */
  readonly name: string;
  readonly priority: Priority;
}

/** One key of one journal. */
export interface JournalKey {
  /** Proto package. */
  readonly domain: string;
  readonly journal: string;
  readonly key: string;
}

/** A part of what a stream holds. */
export interface HeardPart {
  /** Default: every lane. */
  readonly lane?: Lane | undefined;
  /** 0 to 15; default: every partition. */
  readonly partition?: number | undefined;
}

/**
 * Every subject of one namespace; nothing else builds one.
 *
 *     <ns>.jrn.<domain>.st.<journal>.<key>.<lane|own>.<type>   state events; with a lane also heard by others
 *     <ns>.jrn.<domain>.snap.<journal>.<key>                   snapshot
 *     <ns>.jrn.<domain>.out.evt.<lane>.<type>.<key>            events published without state
 *     <ns>.jrn.<domain>.out.cmd.<lane>.<method>.<key>          commands
 *     <ns>.jrn.<domain>.in.<agent>.<key>                       handled marks
 *     <ns>.evt.<lane>.<type>.<partition>.<key>                 EVENTS
 *     <ns>.cmd.<lane>.<method>.<partition>.<key>               COMMANDS
 *     <ns>.sched.<id>.at → <ns>.sched.<id>.cmd.<lane>.<method>.<key>
 *     <ns>.dead.<agent>.<hearer>   <ns>.audit.<…>   <ns>.sig.<type>.<key>
 */
export class Subjects {
  readonly namespace: string;

  /** @throws MeshError INVALID_KEY when the namespace is not 1 to 40 letters, digits and `-`. */
  constructor(namespace: string) {
    if (!/^[A-Za-z0-9-]{1,40}$/.test(namespace)) {
      const message = `namespace ${JSON.stringify(namespace.slice(0, 60))} must be 1 to 40 letters, digits or "-"`;
      throw new MeshError({ code: "INVALID_KEY", message });
    }
    this.namespace = namespace;
  }

  /** Everything in the journal stream of a domain. */
  journal(domain: string): string {
    return `${this.#journal(domain)}.>`;
  }

  /** @param lane of the event's contract; unset for a state event that stays private */
  stateEvent(key: JournalKey, typeName: string, lane: Lane | undefined): string {
    return `${this.#state(key)}.${lane ?? "own"}.${typeToken(typeName)}`;
  }

  /**
   * The one filter under which the versions of a key are counted. The broker compares filters as texts: writers with
   * different ones for the same key would both win.
   */
  stateOf(key: JournalKey): string {
    return `${this.#state(key)}.>`;
  }

  snapshot({ domain, journal, key }: JournalKey): string {
    return `${this.#journal(domain)}.snap.${nameToken(journal)}.${keyToken(key)}`;
  }

  outgoingEvent(event: EventAddress, key: string): string {
    const { domain, typeName, priority } = event;
    return `${this.#journal(domain)}.out.evt.${laneOf(priority)}.${typeToken(typeName)}.${keyToken(key)}`;
  }

  outgoingCommand(method: MethodAddress, key: string): string {
    const { name, priority } = method;
    return `${this.#journal(packageOf(name))}.out.cmd.${laneOf(priority)}.${methodToken(name)}.${keyToken(key)}`;
  }

  /** Where it is kept that an agent has handled what `key` stands for. */
  handledMark(domain: string, agent: string, key: string): string {
    return `${this.#journal(domain)}.in.${nameToken(agent)}.${keyToken(key)}`;
  }

  /** Filter on EVENTS. */
  heardEvent(typeName: string, part: HeardPart = {}): string {
    return `${this.namespace}.evt.${part.lane ?? "*"}.${typeToken(typeName)}.${part.partition ?? "*"}.*`;
  }

  /** Filter on COMMANDS. */
  heardCommand(method: string, part: HeardPart = {}): string {
    return `${this.namespace}.cmd.${part.lane ?? "*"}.${methodToken(method)}.${part.partition ?? "*"}.*`;
  }

  deadLetter(agent: string, hearer: string): string {
    return `${this.namespace}.dead.${nameToken(agent)}.${nameToken(hearer)}`;
  }

  /** Where a command waits for its time; a second one with the same id takes its place. */
  schedule(id: string): string {
    return `${this.namespace}.sched.${keyToken(id)}.at`;
  }

  /** Where the command of a schedule appears when its time has come. */
  scheduledCommand(id: string, method: MethodAddress, key: string): string {
    const lane = laneOf(method.priority);
    return `${this.namespace}.sched.${keyToken(id)}.cmd.${lane}.${methodToken(method.name)}.${keyToken(key)}`;
  }

  /** An event that is not stored: heard by who listens now. */
  signal(typeName: string, key: string): string {
    return `${this.namespace}.sig.${typeToken(typeName)}.${keyToken(key)}`;
  }

  #journal(domain: string): string {
    return `${this.namespace}.jrn.${packageToken(domain)}`;
  }

  #state({ domain, journal, key }: JournalKey): string {
    return `${this.#journal(domain)}.st.${nameToken(journal)}.${keyToken(key)}`;
  }
}

/** The name of a durable consumer of one hearer of one agent; `part` tells several of the same hearer apart. */
export function durableName(agent: string, hearer: string, part?: string): string {
  return [agent, hearer, ...(part === undefined ? [] : [part])].map(nameToken).join("~");
}

/** A proto package as one token, in subjects and in names of streams. */
export function packageToken(domain: string): string {
  return protoToken(domain, /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/);
}

export function laneOf(priority: Priority): Lane {
  return priority.toLowerCase() as Lowercase<Priority>;
}

function typeToken(typeName: string): string {
  return protoToken(typeName, /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/);
}

function methodToken(name: string): string {
  return protoToken(name, /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*\/[A-Za-z0-9_]+$/);
}

/** Proto names hold no `-`, so no two have the same token. */
function protoToken(name: string, form: RegExp): string {
  if (name.length <= 256 && form.test(name)) return name.replace(/[./]/g, "-");
  const message = `${JSON.stringify(name.slice(0, 60))} is no proto name that a subject could hold`;
  throw new MeshError({ code: "INVALID_KEY", message });
}

function packageOf(method: string): string {
  const service = method.split("/", 1)[0] ?? "";
  return service.slice(0, Math.max(0, service.lastIndexOf(".")));
}
