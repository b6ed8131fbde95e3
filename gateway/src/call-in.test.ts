// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { IncomingMessage } from "node:http";
import { create } from "@bufbuild/protobuf";
import { systemClock } from "@parley/mesh";
import { Contracts } from "@parley/mesh/contracts";
import { expect, test } from "vitest";
import { EchoService, FailRequestSchema } from "../../test/gen/parley/test/v1/echo_pb.js";
import { callIn } from "./call-in.ts";
import { beginExchange } from "./exchange.ts";

const contract = Contracts.of({ services: [EchoService] }).method(EchoService.method.fail);

test.each([
  [undefined, 30_000],
  [1_000, 1_000],
  [60_000, 30_000],
])(
  "a client that gives %j ms gets a call of %d ms with its retries, of which the contract allows 30,000",
  async (timeoutMs, total) => {
    const request = { headers: {} } as IncomingMessage;
    const exchange = beginExchange({ contract, request, signal: new AbortController().signal, clock: systemClock });
    const message = create(FailRequestSchema);
    const sent: number[] = [];
    await callIn(exchange, message, {
      timeoutMs,
      send: async (outgoing) => {
        sent.push(outgoing.timeoutMs);
        return message;
      },
    });
    exchange.span.end(undefined);
    expect(sent).toEqual([total]);
  },
);
