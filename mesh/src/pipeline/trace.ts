// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Clock } from "../clock.ts";
import type { OpenSpan } from "../telemetry/open-span.ts";
import { noteServer, startCallSpan, startProcessSpan, startServeSpan } from "../telemetry/tracing.ts";
import { streamWithin, within } from "../telemetry/within.ts";
import type { Incoming } from "./incoming.ts";
import type { Outgoing } from "./outgoing.ts";
import { isStream, type Reply, type Step, untilEnd } from "./step.ts";

/** The span and the duration of a call at its caller, over all its attempts. */
export const traceCall: Step<Outgoing> = async (outgoing, next) => {
  const { header, trace: parent, contract } = outgoing;
  const span = startCallSpan({ header, parent, method: contract.name });
  outgoing.trace = span.context;
  try {
    const reply = await next(outgoing);
    noteServer(span.context, outgoing.peer);
    return untilEnd(reply, span.end);
  } catch (error) {
    noteServer(span.context, outgoing.peer);
    span.end(error);
    throw error;
  }
};

/** The span and the duration of a handler's run. Spans that its author starts nest below it. */
export function traceHandler(clock: Clock): Step<Incoming> {
  return async (incoming, next) => {
    const span = handlerSpan(incoming, clock);
    incoming.trace = span.context;
    try {
      const reply: Reply = await within(span.context, () => next(incoming));
      return untilEnd(isStream(reply) ? streamWithin(span.context, reply) : reply, span.end);
    } catch (error) {
      span.end(error);
      throw error;
    }
  };
}

function handlerSpan({ operation, header, trace: parent, door, due }: Incoming, clock: Clock): OpenSpan {
  const { name, agent, handler } = operation;
  if (operation.kind === "call") {
    return startServeSpan({ header, parent, method: name, agent, door: door === "local" ? "local" : "http" });
  }
  const ageMs = clock.now() - Math.max(header.timestamp, due ?? 0);
  return startProcessSpan({ header, parent, type: name, agent, hearer: handler, ageMs });
}
