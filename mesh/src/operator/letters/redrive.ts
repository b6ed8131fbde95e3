// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Host } from "../../agent/host-options.ts";
import { type Appender, brokerAppender } from "../../broker/appender.ts";
import { headersOf, type NewMessage, refuseLarge } from "../../broker/new-message.ts";
import { packageOf } from "../../broker/proto-token.ts";
import { ensureStreams } from "../../broker/streams.ts";
import { Subjects } from "../../broker/subjects.ts";
import { crashPoint } from "../../crash-point.ts";
import { letterHeader } from "../../delivery/letter-header.ts";
import type { Wire } from "../../delivery/open-message.ts";
import { derivedId, payloadDigest } from "../../ids.ts";
import { MeshError } from "../../mesh-error.ts";
import { HearerPlaces } from "../hearer-place.ts";
import type { MeshContracts } from "../mesh-contracts.ts";
import { type Recipient, type Resending, resentMessage } from "../resent-message.ts";
import type { Decisions } from "./decisions.ts";
import type { Letter } from "./letter.ts";
import { LetterContents, messageIdIn } from "./letter-content.ts";
import type { Letters } from "./letters.ts";

/** How a letter is to be redriven. */
export interface RedriveOrder {
  /** The message in ProtoJSON as it is to be sent instead; unset: as it is. */
  readonly json?: string | undefined;
  /** Even what could not be decoded or is of a wrong type. */
  readonly force: boolean;
  /** Only finds out what would be done. */
  readonly dryRun: boolean;
  readonly author: string;
}

/** What was, or would be, sent. */
export interface Redriven {
  readonly messageId: string;
  readonly subject: string;
}

/** What a redrive works with; one for each operation, because it remembers which hearers have a place. */
export interface RedriveInit {
  readonly host: Host;
  readonly contracts: MeshContracts;
  readonly letters: Letters;
  readonly decisions: Decisions;
}

/**
 * Has what died handled again, by the one hearer that gave it up. In this order, each step harmless when it is done again: the
 * decision is kept, the message is stored, the letter is removed. So a crash in between leaves the letter, and the same redrive
 * finishes it; of different ones the first counts.
 */
export class Redrive {
  readonly #host: Host;
  readonly #letters: Letters;
  readonly #contents: LetterContents;
  readonly #decisions: Decisions;
  readonly #places: HearerPlaces;
  readonly #appender: Appender;
  readonly #subjects: Subjects;
  /** Domains whose streams are known to be there. */
  readonly #domains = new Set<string>();

  constructor({ host, contracts, letters, decisions }: RedriveInit) {
    const { broker, namespace } = host;
    this.#host = host;
    this.#letters = letters;
    this.#contents = new LetterContents(host, contracts);
    this.#decisions = decisions;
    this.#appender = brokerAppender(broker);
    this.#subjects = new Subjects(namespace);
    this.#places = new HearerPlaces(broker, namespace);
  }

  /**
   * Redrives one letter.
   *
   * @throws MeshError REFUSED when it cannot be decoded or is of a wrong type and nobody forces it; NOT_FOUND when its hearer has
   *   no place any more; CONFLICT when something else was decided about it; UNDECODABLE and INVALID_MESSAGE when the JSON is no
   *   such message; TOO_LARGE, STORAGE_FULL, BROKER_UNAVAILABLE as whatever appends
   */
  async run(letter: Letter, order: RedriveOrder): Promise<Redriven> {
    const { message, messageId } = await this.#messageOf(letter, order);
    // Before it is decided: a decision that cannot be carried out would only be in the way.
    refuseLarge(this.#host.broker, message, headersOf(message));
    const redriven = { messageId, subject: message.subject };
    if (order.dryRun) return redriven;
    const isSent = await this.#decisions.take(letter, order.author, { case: "redriven", value: redriven });
    crashPoint("redrive.decided");
    if (!isSent) {
      await this.#ensureDomain(letter);
      await this.#appender.append(message);
      crashPoint("redrive.sent");
    }
    await this.#letters.remove(letter);
    crashPoint("redrive.removed");
    return redriven;
  }

  async #messageOf(letter: Letter, { json, force }: RedriveOrder): Promise<{ message: NewMessage; messageId: string }> {
    const { content } = letter;
    if (json === undefined && !force) assertReadable(letter);
    await this.#places.of(content);
    const wire = await this.#contents.wireOf(content);
    const changed = json === undefined ? asItIs(letter, wire) : await this.#edited(letter, wire, json);
    const message = resentMessage(this.#subjects, {
      ...changed,
      added: new Map([...changed.added, [letterHeader, content.id]]),
      to: await this.#recipient(letter),
      stoodOn: content.subject,
      now: this.#host.clock.now(),
    });
    return { message, messageId: changed.messageId };
  }

  async #edited({ content, key }: Letter, { headers }: Wire, json: string): Promise<Changed> {
    const { payload, type, key: newKey = key } = await this.#contents.edited(content, json);
    const { id, agent } = content;
    const messageId = derivedId("edited", id, payloadDigest(payload));
    const added = new Map([
      ["ce-id", messageId],
      ["ce-type", type.typeName],
      ["ce-datacontenttype", "application/protobuf"],
      ["ce-redriveof", messageIdIn(headers) || id],
    ]);
    // Without a source it would be undecodable again.
    if (!headers.has("ce-source") && !headers.has("x-agent-id")) added.set("ce-source", agent);
    const kept = new Map([...headers].filter(([name]) => name !== "ce-dataschema"));
    return { headers: kept, payload, key: newKey, messageId, added, sending: [id, messageId] };
  }

  async #recipient({ content }: Letter): Promise<Recipient> {
    const { agent, hearer, type } = content;
    if (type.includes("/")) return { kind: "command", method: type };
    return { kind: "event", agent, hearer, domain: await this.#contents.domainOf(content) };
  }

  /** Whoever dispatched or published it made its streams; but that may have been another mesh's backup. */
  async #ensureDomain({ content }: Letter): Promise<void> {
    const domain = content.type.includes("/") ? packageOf(content.type) : await this.#contents.domainOf(content);
    if (this.#domains.has(domain)) return;
    const { broker, namespace } = this.#host;
    await ensureStreams(broker, { namespace, domains: [domain] });
    this.#domains.add(domain);
  }
}

type Changed = Pick<Resending, "headers" | "payload" | "key" | "messageId" | "added" | "sending">;

function asItIs({ content, key }: Letter, { headers, payload }: Wire): Changed {
  return { headers, payload, key, messageId: messageIdIn(headers), added: new Map(), sending: [content.id] };
}

/** What cannot be read stays so, however often it is tried. */
const unreadable: ReadonlySet<string> = new Set(["UNDECODABLE", "UNKNOWN_TYPE"]);

function assertReadable({ content }: Letter): void {
  const { code = "", message = "" } = content.error ?? {};
  if (!unreadable.has(code)) return;
  const text = `letter "${content.id}" died as ${code} and would die so again: ${message}; correct it (edit), or force it once its hearer can read it`;
  throw new MeshError({ code: "REFUSED", message: text });
}
