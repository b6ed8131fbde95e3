// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  create,
  type DescMessage,
  type DescMethodUnary,
  equals,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type SagaStepBegun,
  SagaStepBegunSchema,
  type SagaStepEnded,
  SagaStepKind,
} from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { methodName } from "../contracts/method-contract.ts";
import { errorFromDetail } from "../error-detail.ts";
import { MeshError } from "../mesh-error.ts";
import { maxStepBytes } from "./limits.ts";
import type { ChildSaga, StepOptions, WaitOptions } from "./saga.ts";
import type { Undo } from "./undo.ts";

/** A step as the code asks for it. */
export interface Ask {
  readonly step: string;
  /** What is recorded of it. */
  readonly begun: SagaStepBegun;
  /** What doing it takes beside that. */
  readonly work: Work;
  /** The result as the code gets it. */
  readonly decode: (ended: SagaStepEnded) => unknown;
}

/** What doing a step takes that is not recorded, since the code says it each time. */
export type Work =
  | {
      readonly kind: "call";
      readonly method: DescMethodUnary<DescMessage, DescMessage>;
      readonly request: Message;
      /** Unset: its undo does not depend on the reply. */
      readonly undoOf: ((reply: Message) => { readonly method: string; readonly request: Uint8Array }) | undefined;
    }
  | { readonly kind: "wait"; readonly event: DescMessage; readonly key: string }
  | { readonly kind: "sleep" }
  | { readonly kind: "child"; readonly saga: ChildSaga<DescMessage>; readonly key: string };

/** A call of a method as a step. */
export function callAsk<I extends DescMessage, O extends DescMessage>(
  step: string,
  { method, request: init, options }: CallInit<I, O>,
): Ask {
  const request = create(method.input, init);
  const { undo } = options;
  const given = undo?.request;
  const byReply = isByReply(given) ? given : undefined;
  const undoRecord = undo && {
    method: methodName(undo.method),
    byReply: byReply !== undefined,
    request: isByReply(undo.request) ? new Uint8Array() : encoded(step, undo.method.input, undo.request),
  };
  const begun = create(SagaStepBegunSchema, {
    step,
    kind: SagaStepKind.CALL,
    target: methodName(method),
    request: encoded(step, method.input, request),
    ...(undoRecord === undefined ? {} : { undo: undoRecord }),
  });
  const undoOf =
    undo === undefined || byReply === undefined
      ? undefined
      : (reply: Message) => ({
          method: methodName(undo.method),
          request: encoded(step, undo.method.input, byReply(reply as MessageShape<O>)),
        });
  return {
    step,
    begun,
    work: { kind: "call", method, request, undoOf },
    decode: ({ reply = new Uint8Array() }) => fromBinary(method.output, reply),
  };
}

function isByReply<R>(request: Undo<R>["request"] | undefined): request is (reply: R) => MessageInitShape<DescMessage> {
  return typeof request === "function";
}

/** What a call step is made of. */
export interface CallInit<I extends DescMessage, O extends DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  readonly request: MessageInitShape<I>;
  readonly options: StepOptions<O>;
}

/** Waiting for an event as a step. @param now milliseconds since the epoch */
export function waitAsk(step: string, event: DescMessage, { key, timeoutMs, now }: WaitOptions & { now: number }): Ask {
  return {
    step,
    begun: create(SagaStepBegunSchema, {
      step,
      kind: SagaStepKind.WAIT,
      target: event.typeName,
      key,
      due: timestampFromMs(time(step, now + timeoutMs)),
    }),
    work: { kind: "wait", event, key },
    decode: ({ reply }) => (reply === undefined ? undefined : fromBinary(event, reply)),
  };
}

/** Waiting for a time as a step. */
export function sleepAsk(step: string, at: Date): Ask {
  const due = timestampFromMs(time(step, at.getTime()));
  return {
    step,
    begun: create(SagaStepBegunSchema, { step, kind: SagaStepKind.SLEEP, due }),
    work: { kind: "sleep" },
    decode: () => undefined,
  };
}

/** Another saga as a step. */
export function childAsk<D extends DescMessage>(step: string, saga: ChildSaga<D>, init: MessageInitShape<D>): Ask {
  const input = create(saga.startsOn, init);
  const key = saga.key(input);
  const request = encoded(step, saga.startsOn, input);
  return {
    step,
    begun: create(SagaStepBegunSchema, { step, kind: SagaStepKind.CHILD, target: saga.name, key, request }),
    work: { kind: "child", saga: saga as unknown as ChildSaga<DescMessage>, key },
    decode: () => undefined,
  };
}

/** Whether the code asks for what it asked for before. Times follow from what it was told, so they are the same too. */
export function sameStep(asked: SagaStepBegun, recorded: SagaStepBegun): boolean {
  return equals(SagaStepBegunSchema, asked, recorded);
}

/** Why a step failed, as the code gets it; undefined when it did not. */
export function failureOf({ error }: SagaStepEnded): MeshError | undefined {
  return error === undefined ? undefined : errorFromDetail(error);
}

function encoded<D extends DescMessage>(step: string, type: D, init: MessageInitShape<D>): Uint8Array {
  const bytes = toBinary(type, create(type, init));
  if (bytes.length <= maxStepBytes) return bytes;
  const message = `step "${step}" has a "${type.typeName}" of ${bytes.length} bytes; at most ${maxStepBytes} are recorded, send a reference`;
  throw new MeshError({ code: "TOO_LARGE", message });
}

function time(step: string, at: number): number {
  // What a timestamp can hold: the years 1 to 9999.
  if (at >= Date.UTC(1, 0) && at < Date.UTC(10_000, 0)) return Math.round(at);
  throw new MeshError({ code: "SAGA_INVALID", message: `step "${step}" waits for a time that is none: ${at}` });
}
