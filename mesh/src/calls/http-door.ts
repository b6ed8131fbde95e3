// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethodServerStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { MeshErrorDetailSchema } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import { methodName } from "../contracts/method-contract.ts";
import { headerFor, type MessageHeader } from "../header.ts";
import { readHeader } from "../header-codec.ts";
import { MeshError } from "../mesh-error.ts";
import { anonymous } from "../pipeline/permission.ts";
import { isStream, type Reply } from "../pipeline/step.ts";
import { extract } from "../telemetry/propagation.ts";
import { toConnectError } from "./connect-error.ts";
import { endedBy } from "./ended-by.ts";
import type { ServedMethod, ServedMethods } from "./served-methods.ts";
import { completeErrors, transportError } from "./transport-errors.ts";

/**
 * Puts served methods on a Connect router: the network door. It only translates — headers to header, Connect context to
 * time and signal, MeshError to Connect error — and hands everything to the method's pipeline.
 */
export function mountMethods(router: ConnectRouter, served: ServedMethods): void {
  for (const method of served.values()) {
    if (method.desc.methodKind === "unary") {
      router.rpc(method.desc as DescMethodUnary, (request, context) => unary(method, request, context));
    } else {
      router.rpc(method.desc as DescMethodServerStreaming, (request, context) => stream(method, request, context));
    }
  }
}

/** Whether a call has reached its method's pipeline, so that its handler may have run. */
const enteredKey = createContextKey(false);

/** Connect's request gate for this door: an error that it finds in a request for a served method is the mesh's own too. */
export function completeServedErrors(served: ServedMethods): (context: HandlerContext) => void {
  return (context) => {
    const operation = methodName(context.method);
    if (!served.has(operation)) return;
    completeErrors(context, (error) => {
      // What the pipeline has thrown is complete.
      if (error.findDetails(MeshErrorDetailSchema).length > 0) return undefined;
      return transportError(error, { operation, entered: context.values.get(enteredKey) });
    });
  };
}

async function unary(method: ServedMethod, request: Message, context: HandlerContext): Promise<Message> {
  try {
    const signal = endOf(context, method.operation.name);
    return (await enter(method, request, { context, signal })) as Message;
  } catch (thrown) {
    throw toConnectError(MeshError.from(thrown));
  }
}

async function* stream(method: ServedMethod, request: Message, context: HandlerContext): AsyncGenerator<Message> {
  try {
    const signal = endOf(context, method.operation.name);
    const reply = await enter(method, request, { context, signal });
    if (isStream(reply)) yield* endedBy(reply, signal);
  } catch (thrown) {
    throw toConnectError(MeshError.from(thrown));
  }
}

interface Entering {
  readonly context: HandlerContext;
  readonly signal: AbortSignal;
}

async function enter(method: ServedMethod, message: Message, { context, signal }: Entering): Promise<Reply> {
  context.values.set(enteredKey, true);
  const header = (name: string) => context.requestHeader.get(name) ?? undefined;
  return method.handle({
    operation: method.operation,
    header: readHeader(header) ?? plainCall(method, header),
    message,
    door: "http",
    trace: extract(header),
    signal,
    remainingMs: context.timeoutMs(),
  });
}

/** The signal of a request; Connect says by an error of its own that the caller's time is over, which is not giving up. */
function endOf({ signal }: HandlerContext, what: string): AbortSignal {
  const end = new AbortController();
  const onAbort = () => end.abort(timedOut(signal.reason, what) ?? signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return end.signal;
}

function timedOut(reason: unknown, what: string): MeshError | undefined {
  if (!(reason instanceof ConnectError) || reason.code !== Code.DeadlineExceeded) return undefined;
  const message = `"${what}" did not finish within the time that its caller gave`;
  return new MeshError({ code: "DEADLINE_EXCEEDED", message, mayHaveRun: true, cause: reason });
}

/** The header of a call by someone without our runtime, who sent none. */
function plainCall(method: ServedMethod, header: (name: string) => string | undefined): MessageHeader {
  return headerFor({
    sourceAgentId: header("x-agent-id") ?? anonymous,
    targetAgentId: method.operation.agent,
    conversationId: header("x-conversation-id"),
    messageType: method.operation.input.typeName,
    name: method.operation.name,
    timestamp: Date.now(),
  });
}
