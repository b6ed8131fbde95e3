// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import type { Contracts } from "../contracts/contracts.ts";
import type { CommandContract, MethodContract } from "../contracts/policy.ts";
import type { Priority } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import { assertValid } from "./validate.ts";

/** How a command is dispatched. */
export interface DispatchOptions {
  /** What it is about, for the partitions of COMMANDS. Default: the contract's order key, else each command by itself. */
  readonly key?: string | undefined;
  /** Default: the contract's. */
  readonly priority?: Priority | undefined;
}

/** A contract of a method that can be dispatched. */
export type DispatchedMethod = MethodContract & { readonly command: CommandContract };

/** A command that was checked against its contract. */
export interface CommandRequest {
  readonly contract: DispatchedMethod;
  readonly request: Message;
  /** Unset: the id of the message stands for it. */
  readonly key: string | undefined;
  readonly priority: Priority;
}

/**
 * Checks a command against the contract of its method.
 *
 * @throws MeshError CONTRACT_INCOMPLETE when the method has no command policy, UNIMPLEMENTED when it streams,
 *   INVALID_MESSAGE when the request breaks a rule
 */
export function commandRequest<I extends DescMessage, O extends DescMessage>(
  contracts: Contracts,
  method: DescMethodUnary<I, O>,
  { init, options }: { readonly init: MessageInitShape<I>; readonly options: DispatchOptions },
): CommandRequest {
  const contract = contracts.method(method);
  if (!isDispatched(contract)) {
    const message = `"${contract.name}" cannot be dispatched: its contract has no command policy; write option (parley.mesh.v1.method) = { command: {} }`;
    throw new MeshError({ code: "CONTRACT_INCOMPLETE", message });
  }
  if (contract.kind !== "unary") {
    const message = `"${contract.name}" cannot be dispatched: it streams, and a command has one request`;
    throw new MeshError({ code: "UNIMPLEMENTED", message });
  }
  const request = create(method.input, init);
  assertValid(method.input, request);
  const key = options.key ?? contract.command.orderKey?.read(request);
  return {
    contract,
    request,
    key: key === "" ? undefined : key,
    priority: options.priority ?? contract.priority,
  };
}

function isDispatched(contract: MethodContract): contract is DispatchedMethod {
  return contract.command !== undefined;
}
