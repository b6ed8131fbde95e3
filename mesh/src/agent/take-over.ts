// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Dispatcher } from "../commands/dispatcher.ts";
import type { Contracts } from "../contracts/contracts.ts";
import { isUnary } from "../contracts/unary-method.ts";
import type { TakeOver } from "../delivery/fall-back-command.ts";
import { openMessage } from "../delivery/open-message.ts";
import { derivedId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import { commandRequest } from "../pipeline/command-request.ts";
import { extract } from "../telemetry/propagation.ts";
import type { Fallbacks } from "./fallbacks.ts";

/** What taking over needs. */
export interface TakeOverInit {
  readonly contracts: Contracts;
  readonly fallbacks: Fallbacks;
  readonly dispatcher: Dispatcher;
}

/**
 * The command of the method that takes over from a failed one: in the name of the agent that ran it, because of it, and under
 * an id that follows from its own, so that dispatching it again after a crash has it done once.
 */
export function takingOver({ contracts, fallbacks, dispatcher }: TakeOverInit): TakeOver {
  return async ({ hearing: { operation }, header, pulled, error }) => {
    const contract = contracts.methodNamed(operation.name);
    const other = contract && fallbacks.of(operation.agent, contract);
    if (header === undefined || other === undefined) return undefined;
    const { desc: method, name } = other.contract;
    if (!isUnary(method)) return undefined;
    const request = other.request(openMessage(pulled, operation.input).message, error);
    if (request === undefined) return undefined;
    const command = { method, init: request, options: { priority: header.priority } };
    const { repeatId } = commandRequest(contracts, method, command);
    const id = repeatId?.(operation.agent) ?? derivedId("fallback", header.messageId, name);
    const origin = {
      source: operation.agent,
      cause: { header, trace: extract((field) => pulled.headers.get(field)) },
      ids: { next: () => id },
    };
    return {
      method: name,
      id,
      async dispatch() {
        await dispatcher.dispatch(command, origin).catch((thrown: unknown) => {
          // It was dispatched before, made of the error as it was then.
          if (repeatId !== undefined || MeshError.from(thrown).code !== "MESSAGE_ID_REUSED") throw thrown;
        });
      },
    };
  };
}
