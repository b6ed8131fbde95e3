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
import { latestTime } from "../due.ts";
import type { Priority } from "../header.ts";
import { derivedId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import { assertValid } from "./validate.ts";

/** How a command is dispatched. */
export interface DispatchOptions {
  /** What it is about, for the partitions of COMMANDS. Default: the contract's order key, else each command by itself. */
  readonly key?: string | undefined;
  /** Default: the contract's. */
  readonly priority?: Priority | undefined;
  /**
   * When it is to be run: not before, and as soon after as a command that is sent then. Default: at once. From then on it has
   * the contract's time until it expires.
   */
  readonly at?: Date | undefined;
  /** Lists it together with others that say the same, 1 to 180 bytes. Default: none. */
  readonly batchId?: string | undefined;
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
  /** Milliseconds since the epoch; unset: at once. */
  readonly due: number | undefined;
  readonly batchId: string | undefined;
  /**
   * Gives the id of a command whose request holds an idempotency key: the same for the same sender, method and key, so that a
   * repeat is the same command. Unset: each is one of its own.
   */
  readonly repeatId: ((source: string) => string) | undefined;
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
  const givenKey = contract.idempotencyKey?.read(request) ?? "";
  return {
    contract,
    request,
    key: key === "" ? undefined : key,
    batchId: batchOf(contract.name, options.batchId),
    repeatId: givenKey === "" ? undefined : (source) => derivedId("command", contract.name, source, givenKey),
    priority: options.priority ?? contract.priority,
    due: dueTime(contract, options.at),
  };
}

function batchOf(name: string, batchId: string | undefined): string | undefined {
  if (batchId === undefined || (batchId !== "" && Buffer.byteLength(batchId) <= 180)) return batchId;
  const message = `"${name}" cannot be dispatched in batch ${JSON.stringify(batchId.slice(0, 60))}: a batch id has 1 to 180 bytes`;
  throw new MeshError({ code: "INVALID_MESSAGE", message });
}

function dueTime({ name, command }: DispatchedMethod, at: Date | undefined): number | undefined {
  const due = at?.getTime();
  if (due === undefined || due + command.expiresAfterMs <= latestTime) return due;
  const message = `"${name}" cannot be dispatched at an invalid date, nor beyond the year 9999`;
  throw new MeshError({ code: "INVALID_MESSAGE", message });
}

function isDispatched(contract: MethodContract): contract is DispatchedMethod {
  return contract.command !== undefined;
}
