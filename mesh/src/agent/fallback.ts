// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, DescMethodUnary, Message, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { MeshError } from "../mesh-error.ts";

/** How a request and an answer of two methods stand for each other. */
export interface FallbackMap<
  I extends DescMessage,
  O extends DescMessage,
  I2 extends DescMessage,
  O2 extends DescMessage,
> {
  /** The request of the method that takes over, and why it has to; undefined: it cannot, the error stays. */
  readonly request: (request: MessageShape<I>, error: MeshError) => MessageInitShape<I2> | undefined;
  /** Its answer as one of the first method. Of commands nobody asks for it. */
  readonly reply: (reply: MessageShape<O2>) => MessageInitShape<O>;
}

/** How one method takes over from another; made by {@link fallback}. */
export interface Fallback {
  readonly from: DescMethodUnary;
  readonly to: DescMethodUnary;
  readonly request: (request: Message, error: MeshError) => MessageInitShape<DescMessage> | undefined;
  readonly reply: (reply: Message) => MessageInitShape<DescMessage>;
}

/**
 * How `to` takes over from `from`, where the contract of `from` names it as its `fallback`: when a call, or a command, has
 * failed for good and has surely not run. Given by the agent that calls, or that runs the commands. Not needed where both
 * methods have the same request and response.
 */
export function fallback<I extends DescMessage, O extends DescMessage, I2 extends DescMessage, O2 extends DescMessage>(
  from: DescMethodUnary<I, O>,
  to: DescMethodUnary<I2, O2>,
  map: FallbackMap<I, O, I2, O2>,
): Fallback {
  return { from, to, ...map } as unknown as Fallback;
}
