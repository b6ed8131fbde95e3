// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import type { Appender } from "../broker/appender.ts";
import type { Subjects } from "../broker/subjects.ts";
import type { Clock } from "../clock.ts";
import type { Contracts } from "../contracts/contracts.ts";
import type { MethodContract } from "../contracts/policy.ts";
import type { MessageHeader } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import { commandMessage } from "../pipeline/command-message.ts";
import { commandRequest, type DispatchOptions } from "../pipeline/command-request.ts";
import type { Observer } from "../pipeline/observation.ts";
import { observeSending } from "../pipeline/observe-sending.ts";
import type { Grants } from "../pipeline/permission.ts";
import { rootTrace, type TraceContext } from "../telemetry/propagation.ts";

/** A command that is stored and will be run. */
export interface Dispatched {
  /** Message id of the command. */
  readonly id: string;
}

/** What is to be run. */
export interface Dispatch<I extends DescMessage, O extends DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  readonly init: MessageInitShape<I>;
  readonly options: DispatchOptions;
}

/** Who dispatches, and because of what. */
export interface DispatchOrigin {
  readonly source: string;
  readonly cause: { readonly header: MessageHeader; readonly trace: TraceContext } | undefined;
  /** Gives the id of the next message of this name and key; default: a new one. */
  readonly ids?: { next(name: string, key: string): string } | undefined;
  readonly conversationId?: string | undefined;
}

/** What a dispatcher is made of. */
export interface DispatcherInit {
  readonly clock: Clock;
  readonly contracts: Contracts;
  readonly subjects: Subjects;
  readonly appender: Appender;
  readonly grants: Grants;
  readonly observer: Observer | undefined;
  /** Sees to it that a proto package has its journal stream: the host may have to do with it only by what it dispatches. */
  readonly ensureDomain: (domain: string) => Promise<void>;
}

/** Dispatches commands: checks them against their contract and appends them to the journal stream of their method's package. */
export class Dispatcher {
  readonly #init: DispatcherInit;

  constructor(init: DispatcherInit) {
    this.#init = init;
  }

  /**
   * Dispatches one command and waits until it is stored. When storing is in doubt (a lost connection) it is repeated under
   * the same id, so a resolved promise means stored once.
   *
   * @throws MeshError CONTRACT_INCOMPLETE when the method has no command policy, UNIMPLEMENTED when it streams,
   *   INVALID_MESSAGE, PERMISSION_DENIED, BROKER_UNAVAILABLE
   */
  async dispatch<I extends DescMessage, O extends DescMessage>(
    { method, init, options }: Dispatch<I, O>,
    origin: DispatchOrigin,
  ): Promise<Dispatched> {
    const { clock, contracts, subjects, appender } = this.#init;
    const command = commandRequest(contracts, method, { init, options });
    const { contract, key = "" } = command;
    await this.#assertPermitted(contract, origin.source);
    const domain = method.parent.file.proto.package;
    await this.#init.ensureDomain(domain);
    const { message, header, span } = commandMessage(command, {
      subjects,
      domain,
      source: origin.source,
      cause: origin.cause?.header,
      trace: origin.cause?.trace ?? rootTrace(),
      now: clock.now(),
      messageId: origin.ids?.next(contract.name, key),
      conversationId: origin.conversationId,
    });
    const { observer } = this.#init;
    await observeSending({ kind: "dispatched", header, span, observer }, () => appender.append(message));
    return { id: header.messageId };
  }

  async #assertPermitted({ name, permission }: MethodContract, source: string): Promise<void> {
    if (permission === "*" || (await this.#init.grants(source, permission))) return;
    throw new MeshError({
      code: "PERMISSION_DENIED",
      message: `dispatching "${name}" needs permission "${permission}", which "${source}" does not hold`,
    });
  }
}
