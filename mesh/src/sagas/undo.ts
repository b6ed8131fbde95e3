// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";

/** How a step is undone: a call that is stored with the step, so that whatever version of the code undoes it knows how. */
export interface Undo<R> {
  readonly method: DescMethodUnary<DescMessage, DescMessage>;
  /** Request of the undo, or how it is made of the step's reply. */
  readonly request: MessageInitShape<DescMessage> | ((reply: R) => MessageInitShape<DescMessage>);
}

/**
 * Says how a step is undone. It is called when the saga fails or is canceled after the step was begun, also when nobody
 * knows whether the step was done: so it must put up with finding nothing to undo. Prefer a plain request over one made of the
 * reply: a reply that never comes leaves nothing to undo with, and the saga needs attention.
 */
export function undo<U extends DescMessage, V extends DescMessage, R>(
  method: DescMethodUnary<U, V>,
  request: MessageInitShape<U> | ((reply: R) => MessageInitShape<U>),
): Undo<R> {
  return { method, request: request as Undo<R>["request"] };
}
