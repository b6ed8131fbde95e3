// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";
import type {
  CommandAddress,
  EventAddress,
  HeardPart,
  HearerAddress,
  LetterPart,
  StatusAddress,
  StatusPart,
  SubjectTransform,
} from "./addresses.ts";
import { keyToken, nameToken } from "./key-token.ts";
import { type Lane, laneOf } from "./lane.ts";
import { methodToken, packageOf, packageToken, typeToken } from "./proto-token.ts";
import { statusPartOf } from "./status-parts.ts";

/** How many ways the messages of EVENTS and COMMANDS are split by key. Cannot be changed later: it would reorder keys. */
export const partitions = 16;

/** One key of one journal. */
export interface JournalKey {
  /** Proto package. */
  readonly domain: string;
  readonly journal: string;
  readonly key: string;
}

/**
 * Every subject of one namespace; nothing else builds one.
 *
 *     <ns>.jrn.<domain>.st.<journal>.<key>.evt.<lane>.<type>   state events that others hear too
 *     <ns>.jrn.<domain>.st.<journal>.<key>.own.<type>          state events that stay private
 *     <ns>.jrn.<domain>.out.-.<key>.evt.<lane>.<type>          events published without state
 *     <ns>.jrn.<domain>.out.-.<key>.cmd.<lane>.<method>.<id>   commands
 *     <ns>.jrn.<domain>.out.-.<key>.evt.<lane>.<agent>~<hearer>   events meant for one hearer: retries, redriven, replayed
 *     <ns>.jrn.<domain>.snap.<journal>.<key>                   snapshot
 *     <ns>.jrn.<domain>.in.<agent>.<key>                       handled marks
 *     <ns>.evt.<lane>.<type>.<partition>.<key>                 EVENTS
 *     <ns>.evt.<lane>.<agent>~<hearer>.<partition>.<key>       EVENTS, meant for one hearer
 *     <ns>.cmd.<lane>.<method>.<partition>.<id>.<key>          COMMANDS
 *     <ns>.sched.<id>.at → <ns>.sched.<id>.cmd.<lane>.<method>.<command id>.<key>   or   <ns>.sched.<id>.evt.<lane>.<agent>~<hearer>.<key>
 *     <ns>.status-<part>.<id>.<agent>.<method>.<batch>         STATUS_<part>; told again, when it is stored, on <ns>.told.<id>.…
 *     <ns>.stop.<instance>                                     core NATS: a command that this instance runs is to stop
 *     <ns>.dead.<agent>.<hearer>.<id>   <ns>.audit.letter.<id>   <ns>.sig.<type>.<key>
 *
 * What leaves a journal has the same shape wherever it stands, so that one filter sources it: the broker writes the filters
 * and their targets into a header of every sourced message.
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
    const part = lane === undefined ? "own" : `evt.${lane}`;
    return `${this.#state(key)}.${part}.${typeToken(typeName)}`;
  }

  /**
   * The one filter under which the versions of a key are counted. The broker compares filters as texts: writers with
   * different ones for the same key would both win.
   */
  stateOf(key: JournalKey): string {
    return `${this.#state(key)}.>`;
  }

  /** Filter of the state events of all keys of a journal. */
  stateOfJournal(domain: string, journal: string): string {
    return `${this.#journal(domain)}.st.${nameToken(journal)}.>`;
  }

  /** Filter of the state events of all journals of a domain. */
  stateOfDomain(domain: string): string {
    return `${this.#journal(domain)}.st.>`;
  }

  snapshot({ domain, journal, key }: JournalKey): string {
    return `${this.#journal(domain)}.snap.${nameToken(journal)}.${keyToken(key)}`;
  }

  outgoingEvent(event: EventAddress, key: string): string {
    const { domain, typeName, priority } = event;
    return `${this.#journal(domain)}.out.-.${keyToken(key)}.evt.${laneOf(priority)}.${typeToken(typeName)}`;
  }

  /**
   * Where an event is put that one hearer alone is to hear; what else hears its type never sees it. It keeps its `ce-id`, by
   * which handlers know it, but is appended under an id of its own: the broker would drop it as a copy of the first.
   *
   * @param domain of the journal that it leaves from: its own package's
   */
  outgoingEventTo(hearer: HearerAddress, domain: string, key: string): string {
    return `${this.#journal(domain)}.out.-.${keyToken(key)}.evt.${address(hearer)}`;
  }

  /** Filter on the journal stream of a domain: state events that stay there. */
  privateState(domain: string): string {
    return `${this.#journal(domain)}.st.*.*.own.*`;
  }

  /** @param domain of the journal that it leaves from; default: the method's own package */
  outgoingCommand({ name, priority, id, key }: CommandAddress, domain = packageOf(name)): string {
    return `${this.#journal(domain)}.out.-.${keyToken(key)}.cmd.${laneOf(priority)}.${methodToken(name)}.${keyToken(id)}`;
  }

  /** Where it is kept that an agent has handled what `key` stands for. */
  handledMark(domain: string, agent: string, key: string): string {
    return `${this.#journal(domain)}.in.${nameToken(agent)}.${keyToken(key)}`;
  }

  /** Where it is kept whether a step of a saga may still be done: written by its call and by its undo alike. */
  stepMark(domain: string, step: string): string {
    return `${this.#journal(domain)}.in.-.${keyToken(step)}`;
  }

  /** Filter on EVENTS. */
  heardEvent(typeName: string, part: HeardPart = {}): string {
    return `${this.namespace}.evt.${part.lane ?? "*"}.${typeToken(typeName)}.${part.partition ?? "*"}.*`;
  }

  /** Filter on EVENTS of one key of an event. */
  heardEventOf(typeName: string, key: string): string {
    return `${this.namespace}.evt.*.${typeToken(typeName)}.*.${keyToken(key)}`;
  }

  /** Filter on EVENTS of what is meant for one hearer alone. */
  heardAlone({ agent, hearer }: Omit<HearerAddress, "lane">, part: HeardPart = {}): string {
    return `${this.namespace}.evt.${part.lane ?? "*"}.${durableName(agent, hearer)}.${part.partition ?? "*"}.*`;
  }

  /** Filter on COMMANDS. */
  heardCommand(method: string, part: HeardPart = {}): string {
    return `${this.namespace}.cmd.${part.lane ?? "*"}.${methodToken(method)}.${part.partition ?? "*"}.*.*`;
  }

  /** Filter on COMMANDS of one command, as often as it stands there. */
  command(id: string): string {
    return `${this.namespace}.cmd.*.*.*.${keyToken(id)}.*`;
  }

  /** Where it stands how far a command is. */
  status({ id, agent, method, batch }: StatusAddress): string {
    const last = batch === undefined ? "-" : keyToken(batch);
    return `${this.#status(id)}.${nameToken(agent)}.${methodToken(method)}.${last}`;
  }

  /** The one filter under which the status of a command is changed. */
  statusOf(id: string): string {
    return `${this.#status(id)}.>`;
  }

  /** Filter on one part of STATUS: the commands of an agent, a method, a batch. */
  statuses(part: number, { agent, method, batch }: StatusPart): string {
    const of = (value: string | undefined, token: (value: string) => string) =>
      value === undefined ? "*" : token(value);
    return `${this.namespace}.status-${part}.*.${of(agent, nameToken)}.${of(method, methodToken)}.${of(batch, keyToken)}`;
  }

  /** Where each status of a part is told when it has been stored. */
  statusTold(part: number): SubjectTransform {
    return { src: `${this.namespace}.status-${part}.>`, dest: `${this.namespace}.told.>` };
  }

  /** Where the status of one command is told. */
  toldOf(id: string): string {
    return `${this.namespace}.told.${keyToken(id)}.>`;
  }

  /** Where an instance is asked to stop a command that it runs. */
  stop(instance: string): string {
    return `${this.namespace}.stop.${keyToken(instance)}`;
  }

  /** @param id of the letter, one token of the subject so that it is found by it */
  deadLetter(agent: string, hearer: string, id: string): string {
    return `${this.namespace}.dead.${nameToken(agent)}.${nameToken(hearer)}.${keyToken(id)}`;
  }

  /** Filter on DEAD; what is unset covers all. */
  deadLetters({ agent, hearer, id }: LetterPart): string {
    const of = (value: string | undefined, token: (value: string) => string) =>
      value === undefined ? "*" : token(value);
    return `${this.namespace}.dead.${of(agent, nameToken)}.${of(hearer, nameToken)}.${of(id, keyToken)}`;
  }

  /** Where it stands for good what was decided about a dead letter. */
  letterDecision(id: string): string {
    return `${this.namespace}.audit.letter.${keyToken(id)}`;
  }

  /** Where a command or an event for one hearer waits for its time; a second one with the same id takes its place. */
  schedule(id: string): string {
    return `${this.namespace}.sched.${keyToken(id)}.at`;
  }

  /** Filter on SCHEDULES of all that stands there of a schedule, before and after its time. */
  scheduled(id: string): string {
    return `${this.namespace}.sched.${keyToken(id)}.>`;
  }

  /** Where the command of a schedule appears when its time has come. */
  scheduledCommand(schedule: string, { name, priority, id, key }: CommandAddress): string {
    const command = `${laneOf(priority)}.${methodToken(name)}.${keyToken(id)}.${keyToken(key)}`;
    return `${this.namespace}.sched.${keyToken(schedule)}.cmd.${command}`;
  }

  /** Where the event of a schedule, for one hearer alone, appears when its time has come. */
  scheduledEventTo(id: string, hearer: HearerAddress, key: string): string {
    return `${this.namespace}.sched.${keyToken(id)}.evt.${address(hearer)}.${keyToken(key)}`;
  }

  /** An event that is not stored: heard by who listens now. */
  signal(typeName: string, key: string): string {
    return `${this.namespace}.sig.${typeToken(typeName)}.${keyToken(key)}`;
  }

  /** Where all signals of a type are heard. */
  heardSignal(typeName: string): string {
    return `${this.namespace}.sig.${typeToken(typeName)}.*`;
  }

  /** How events come from the journal of a domain into EVENTS. */
  eventSource(domain: string): SubjectTransform {
    return {
      src: `${this.#journal(domain)}.*.*.*.evt.*.*`,
      dest: `${this.namespace}.evt.{{wildcard(4)}}.{{wildcard(5)}}.{{partition(${partitions},3)}}.{{wildcard(3)}}`,
    };
  }

  /** How commands come from the journal of a domain into COMMANDS. */
  commandSource(domain: string): SubjectTransform {
    return {
      src: `${this.#journal(domain)}.*.*.*.cmd.*.*.*`,
      dest: `${this.namespace}.cmd.{{wildcard(4)}}.{{wildcard(5)}}.{{partition(${partitions},3)}}.{{wildcard(6)}}.{{wildcard(3)}}`,
    };
  }

  /** How what has its time gets from SCHEDULES into EVENTS or COMMANDS. */
  scheduleSource(kind: "evt" | "cmd"): SubjectTransform {
    const to = `${this.namespace}.${kind}.{{wildcard(2)}}.{{wildcard(3)}}`;
    return kind === "evt"
      ? {
          src: `${this.namespace}.sched.*.evt.*.*.*`,
          dest: `${to}.{{partition(${partitions},4)}}.{{wildcard(4)}}`,
        }
      : {
          src: `${this.namespace}.sched.*.cmd.*.*.*.*`,
          dest: `${to}.{{partition(${partitions},5)}}.{{wildcard(4)}}.{{wildcard(5)}}`,
        };
  }

  /** Where the broker hands what `stream` sources from `origin` over to itself. */
  sourceDelivery(stream: string, origin: string): string {
    return `${this.namespace}.src.${stream}.${origin}`;
  }

  /** Everything of one kind in this namespace. */
  all(kind: "jrn" | "evt" | "cmd" | "sched" | "dead" | "audit" | "sig"): string {
    return `${this.namespace}.${kind}.>`;
  }

  #status(id: string): string {
    return `${this.namespace}.status-${statusPartOf(id)}.${keyToken(id)}`;
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

function address({ agent, hearer, lane = "medium" }: HearerAddress): string {
  return `${lane}.${durableName(agent, hearer)}`;
}
