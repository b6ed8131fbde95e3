// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { Contracts } from "../contracts/contracts.ts";
import { eventPolicyOf } from "../contracts/event-contract.ts";
import type { EventContract, MethodContract } from "../contracts/policy.ts";
import { MeshError } from "../mesh-error.ts";
import { type CommandRequest, commandRequest, type DispatchOptions } from "../pipeline/command-request.ts";
import { assertValid } from "../pipeline/validate.ts";
import type { Journal, JournalKey } from "./define-journal.ts";
import type { Entry, Outbox } from "./entry.ts";
import { fold, type KeyState } from "./key-state.ts";

/** An event that a decision appends to a key. */
export interface DraftedEvent {
  readonly event: MessageShape<DescMessage>;
  readonly type: DescMessage;
  /** Number of the event within its key. */
  readonly version: number;
  /** Set when others hear it. */
  readonly announced: EventContract | undefined;
}

/** One key of a decision. */
export interface DraftedKey {
  readonly at: JournalKey<unknown, DescMessage>;
  readonly before: KeyState<unknown>;
  readonly events: DraftedEvent[];
  /** The key with the events; their sequences are not known yet. */
  after: KeyState<unknown>;
}

/** An event that a decision announces without state. */
export interface DraftedPublish {
  readonly event: MessageShape<DescMessage>;
  readonly contract: EventContract;
  readonly key: string;
}

/** A message of the mesh itself to one hearer. */
export interface DraftedTell {
  readonly event: MessageShape<DescMessage>;
  readonly type: DescMessage;
  readonly to: TellOptions;
}

/** Who is told. */
export interface TellOptions {
  readonly agent: string;
  readonly hearer: string;
  readonly key: string;
  /** Milliseconds since the epoch; default: at once. */
  readonly due?: number | undefined;
}

/** What the agent that commits may announce and send. */
export interface DraftGrants {
  /** @throws MeshError PERMISSION_DENIED when the agent may not publish it */
  readonly assertMayPublish: (contract: EventContract) => void;
  /** @throws MeshError PERMISSION_DENIED when the agent may not have it run */
  readonly assertMayDispatch: (contract: MethodContract) => void;
}

/** What one run of a decide function wants to be stored. Made anew for each run. */
export class Draft implements Outbox {
  readonly keys: DraftedKey[] = [];
  readonly published: DraftedPublish[] = [];
  readonly dispatched: CommandRequest[] = [];
  readonly told: DraftedTell[] = [];
  readonly #contracts: Contracts;
  readonly #grants: DraftGrants;
  #open = true;

  constructor(contracts: Contracts, grants: DraftGrants) {
    this.#contracts = contracts;
    this.#grants = grants;
  }

  /** Messages that storing it takes, snapshots aside. */
  get size(): number {
    const sent = this.published.length + this.dispatched.length + this.told.length;
    return sent + this.keys.reduce((sum, { events }) => sum + events.length, 0);
  }

  /** Ends the collecting: whoever kept an entry beyond its decide function gets an error instead of silence. */
  close(): void {
    this.#open = false;
  }

  /** The entry of one key. */
  entry(at: JournalKey<unknown, DescMessage>, before: KeyState<unknown>): Entry<unknown, DescMessage> {
    const drafted: DraftedKey = { at, before, events: [], after: before };
    this.keys.push(drafted);
    const append = (type: DescMessage, init: MessageInitShape<DescMessage>) => this.#append(drafted, type, init);
    return {
      key: at.key,
      append,
      get state() {
        return drafted.after.state;
      },
      get version() {
        return drafted.after.version;
      },
    };
  }

  publish<D extends DescMessage>(type: D, init: MessageInitShape<D>): void {
    this.#assertOpen();
    const contract = this.#contracts.event(type);
    this.#grants.assertMayPublish(contract);
    assertStored(contract);
    const event = create(type, init);
    assertValid(type, event);
    this.published.push({ event, contract, key: contract.key.read(event) });
  }

  dispatch<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    init: MessageInitShape<I>,
    options: DispatchOptions = {},
  ): void {
    this.#assertOpen();
    const command = commandRequest(this.#contracts, method, { init, options });
    this.#grants.assertMayDispatch(command.contract);
    this.dispatched.push(command);
  }

  /** Tells one hearer alone something of the mesh itself. */
  tell<D extends DescMessage>(type: D, init: MessageInitShape<D>, to: TellOptions): void {
    this.#assertOpen();
    this.told.push({ type, event: create(type, init), to });
  }

  #append(drafted: DraftedKey, type: DescMessage, init: MessageInitShape<DescMessage>): void {
    this.#assertOpen();
    const journal: Journal<unknown, DescMessage> = drafted.at.journal;
    if (!journal.events.has(type.typeName)) {
      throw invalid(`"${type.typeName}" is no event of journal "${journal.name}"; add it to its events`);
    }
    const event = create(type, init);
    assertValid(type, event);
    // Of the type itself: the host may host nobody else who has to do with it.
    const announced = eventPolicyOf(type) === undefined ? undefined : this.#contracts.event(type);
    if (announced !== undefined) this.#assertAnnounceable(announced, drafted.at.key, announced.key.read(event));
    drafted.events.push({ event, type, version: drafted.after.version + 1, announced });
    drafted.after = fold(journal, drafted.after, { event, sequence: 0, cause: undefined, reply: undefined });
  }

  /** An announced event is partitioned by its journal key, so its contract must name the same. */
  #assertAnnounceable(contract: EventContract, key: string, named: string): void {
    this.#grants.assertMayPublish(contract);
    assertStored(contract);
    if (named === key) return;
    throw invalid(
      `"${contract.name}" has key "${named}" by its contract (${contract.key.path}), but is appended to journal key "${key}"; ` +
        "append it to that key, or append an event without event policy and publish this one",
    );
  }

  #assertOpen(): void {
    if (!this.#open) throw invalid("an entry or outbox was used after its decide function had returned");
  }
}

function assertStored({ name, delivery }: EventContract): void {
  if (delivery !== "AT_MOST_ONCE") return;
  throw invalid(`"${name}" is not stored by its contract (AT_MOST_ONCE), so it cannot be part of a commit`);
}

function invalid(message: string): MeshError {
  return new MeshError({ code: "COMMIT_INVALID", message });
}
