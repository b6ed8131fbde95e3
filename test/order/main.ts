// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// npm run test:order [-- SECONDS [ROUNDS]]: order over an instance that stands still for that long (default 20), by a handler that
// blocks its event loop, by SIGSTOP, by a connection that is silent, or that is killed, while messages come in all the time. Ends
// with 1 when messages of a key began out of order or side by side, or did not count once.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@parley/mesh/broker";
import { type Fault, orderUnder } from "./scenario.ts";

const seconds = Number(process.argv[2] ?? 20);
const rounds = Number(process.argv[3] ?? 1);
const faults = ["blocks", "is stopped", "is cut off", "is killed"] as const satisfies readonly Fault[];
const storeDir = await mkdtemp(join(tmpdir(), "parley-order-"));
const server = await startServer({ storeDir });
let isWell = true;
try {
  for (let round = 0; round < rounds; round++) {
    const outcomes = faults.map(
      async (fault) => [fault, await orderUnder(fault, server.port, seconds * 1_000)] as const,
    );
    for (const [fault, { messages, repeats, violations }] of await Promise.all(outcomes)) {
      isWell &&= violations.length === 0;
      process.stdout.write(
        `an owner ${fault} for ${seconds} s: ${messages} messages, ${repeats} runs repeated, ${violations.length} violations\n`,
      );
      for (const violation of violations) process.stdout.write(`  ${violation}\n`);
    }
  }
} finally {
  await server.stop();
  await rm(storeDir, { recursive: true, force: true });
}
process.exit(isWell ? 0 : 1);
