// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Appender } from "../broker/appender.ts";
import type { NewMessage } from "../broker/new-message.ts";
import type { Subjects } from "../broker/subjects.ts";
import type { Clock } from "../clock.ts";
import type { Contracts } from "../contracts/contracts.ts";
import type { EventContract } from "../contracts/policy.ts";
import { crashPoint } from "../crash-point.ts";
import { headerFor, type MessageHeader } from "../header.ts";
import { writeHeader } from "../header-codec.ts";
import { derivedId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import type { Observer } from "../pipeline/observation.ts";
import { observeSending } from "../pipeline/observe-sending.ts";
import type { Grants } from "../pipeline/permission.ts";
import { assertValid } from "../pipeline/validate.ts";
import { inject, rootTrace, type TraceContext } from "../telemetry/propagation.ts";
import { startSendSpan } from "../telemetry/tracing.ts";

/** Who publishes, and because of what. */
export interface PublishOrigin {
  readonly source: string;
  readonly cause: { readonly header: MessageHeader; readonly trace: TraceContext } | undefined;
  /** Gives the id of the next message of this type and key; default: a new one. */
  readonly ids?: MessageIds | undefined;
  readonly conversationId?: string | undefined;
  /** Where its trace stands; default: that of the cause, else a new one. */
  readonly trace?: TraceContext | undefined;
}

/**
 * Ids of what one handler sends while it handles one message. They depend on nothing but that message and the order of
 * sending, so a handler that runs again sends the same ids again, and the stream keeps one copy.
 */
export class MessageIds {
  readonly #parts: readonly string[];
  readonly #counts = new Map<string, number>();

  /** @param parts agent, handler and incoming message id */
  constructor(...parts: readonly string[]) {
    this.#parts = parts;
  }

  next(type: string, key: string): string {
    const slot = `${type} ${key}`;
    const count = (this.#counts.get(slot) ?? 0) + 1;
    this.#counts.set(slot, count);
    return derivedId(...this.#parts, type, key, count);
  }
}

/** What a publisher is made of. */
export interface PublisherInit {
  readonly clock: Clock;
  readonly contracts: Contracts;
  readonly subjects: Subjects;
  readonly appender: Appender;
  /** Sends what is not stored. */
  readonly signal: (message: NewMessage) => void;
  readonly grants: Grants;
  readonly observer: Observer | undefined;
}

/**
 * Publishes events: checks them against their contract and appends them to the journal stream of their domain. AT_MOST_ONCE
 * events are not stored but sent to whoever listens.
 */
export class Publisher {
  readonly #init: PublisherInit;

  constructor(init: PublisherInit) {
    this.#init = init;
  }

  /**
   * Publishes one event and waits until it is stored, or sent when it is AT_MOST_ONCE. When storing is in doubt (a lost connection) it is repeated under the
   * same id, so a resolved promise means stored once.
   *
   * @returns the header it was published with
   */
  async publish<D extends DescMessage>(
    type: D,
    init: MessageInitShape<D>,
    origin: PublishOrigin,
  ): Promise<MessageHeader> {
    const { clock, contracts, appender, signal } = this.#init;
    const contract = contracts.event(type);
    assertStored(contracts, contract);
    await this.#assertPermitted(contract, origin.source);
    const event = create(type, init);
    assertValid(type, event);
    const key = contract.key.read(event);
    const header = headerFor(
      {
        messageId: origin.ids?.next(contract.typeName, key),
        sourceAgentId: origin.source,
        conversationId: origin.conversationId,
        messageType: contract.typeName,
        name: contract.name,
        timestamp: clock.now(),
        priority: contract.priority,
      },
      origin.cause?.header,
    );
    const signaled = contract.delivery === "AT_MOST_ONCE";
    const subject = signaled
      ? this.#init.subjects.signal(contract.typeName, key)
      : this.#init.subjects.outgoingEvent(contract, key);
    const span = startSendSpan({
      header,
      subject,
      parent: origin.trace ?? origin.cause?.trace ?? rootTrace(),
    });
    const { observer } = this.#init;
    await observeSending({ kind: "published", header, span, observer }, async () => {
      const headers = new Map<string, string>();
      writeHeader(header, (name, value) => headers.set(name, value), { key, contentType: "application/protobuf" });
      inject(span.context, (name, value) => headers.set(name, value));
      const message = { subject, payload: toBinary(type, event), headers, id: header.messageId };
      crashPoint("publish.before-append");
      if (signaled) signal(message);
      else await appender.append(message);
      crashPoint("publish.after-append");
    });
    return header;
  }

  async #assertPermitted(contract: EventContract, source: string): Promise<void> {
    const needed = contract.publishPermission;
    if (needed === undefined || needed === "*" || (await this.#init.grants(source, needed))) return;
    throw new MeshError({
      code: "PERMISSION_DENIED",
      message: `publishing "${contract.name}" needs permission "${needed}", which "${source}" does not hold`,
    });
  }
}

/** Streams are made when the host starts, for the packages of what its agents serve, hear and name under `publishes`. */
function assertStored({ domains }: Contracts, { name, domain }: EventContract): void {
  if (domains.includes(domain)) return;
  throw new MeshError({
    code: "UNKNOWN_TYPE",
    message: `no agent of this host has to do with package "${domain}" of "${name}"; add the event to the agent's "publishes"`,
  });
}
