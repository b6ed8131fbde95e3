// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethodServerStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import { type DescMessage, fromJson, type JsonValue, type Message, type Registry, toJson } from "@bufbuild/protobuf";
import { jsonText, jsonValue } from "../commands/json-argument.ts";
import { findMesh, type MeshChoice } from "../state/find-mesh.ts";
import { UsageError } from "../usage-error.ts";
import { meshContracts } from "./mesh-contracts.ts";
import { methodNamed } from "./method-named.ts";
import { transportTo } from "./transport.ts";

/** How a method is called. */
export interface CallChoice extends MeshChoice {
  /** Milliseconds, after which a call fails and a stream has been read; unset: what the contract says. */
  readonly timeout?: number | undefined;
  readonly conversation?: string | undefined;
}

/**
 * Calls a method of a running mesh and prints what it answers.
 *
 * @throws UsageError when method or request make no sense; ConnectError as the method fails
 */
export async function call(name: string, json: string, choice: CallChoice): Promise<void> {
  const value = jsonValue(jsonText(json));
  const url = findMesh(choice);
  const contracts = await meshContracts({ ...choice, url });
  const { desc, kind } = methodNamed(contracts, name);
  const { registry } = contracts;
  const request = requestOf(desc.input, value, registry);
  const transport = transportTo(url, { conversationId: choice.conversation });
  const { timeout } = choice;
  if (kind === "unary") {
    const { message } = await transport.unary(desc as DescMethodUnary, undefined, timeout, undefined, request);
    print(toJson(desc.output, message as Message, { registry }), 2);
    return;
  }
  if (kind !== "server_streaming") {
    throw new UsageError(`"${desc.parent.typeName}/${desc.name}" streams its requests, which cannot be typed here`);
  }
  const method = desc as DescMethodServerStreaming;
  // Its own end, and not a deadline of the call: a stream that was listened to for so long has not failed.
  const over = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
  try {
    const { message: stream } = await transport.stream(method, over, undefined, undefined, once(request));
    for await (const message of stream) print(toJson(desc.output, message as Message, { registry }));
  } catch (error) {
    if (!over?.aborted) throw error;
  }
}

function requestOf(input: DescMessage, value: unknown, registry: Registry): Message {
  try {
    return fromJson(input, value as JsonValue, { registry });
  } catch (error) {
    throw new UsageError(
      `the request is no ${input.typeName}: ${error instanceof Error ? error.message : error}`,
      `Its fields: ${input.fields.map(({ jsonName }) => jsonName).join(", ") || "none"}.`,
    );
  }
}

async function* once(message: Message): AsyncGenerator<Message> {
  yield message;
}

function print(value: JsonValue, indent?: number): void {
  process.stdout.write(`${JSON.stringify(value, undefined, indent)}\n`);
}
