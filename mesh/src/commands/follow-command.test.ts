// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, toBinary } from "@bufbuild/protobuf";
import { headers } from "@nats-io/transport-node";
import { CommandSchema, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import { expect, test } from "vitest";
import { openTestBroker, type TestBroker } from "../broker/testdata/test-broker.ts";
import { followCommand } from "./follow-command.ts";

const { RUNNING, RETRYING, DONE } = CommandState;
const id = "c-1";
const inState = (state: CommandState, attempts = 1) => create(CommandSchema, { id, state, attempts });

/** As the broker tells of a status that it has stored. */
function tell({ broker, subjects }: TestBroker, sequence: number, command = inState(DONE)): void {
  const told = headers();
  told.set("Nats-Sequence", String(sequence));
  const subject = subjects.toldOf(id).replace(">", "agent.method.-");
  broker.connection.publish(subject, toBinary(CommandSchema, command), { headers: told });
}

test("each change is taken as it is told; what is older than what is known is left, and nothing is read again", async () => {
  await using world = await openTestBroker();
  let looks = 0;
  const look = async () => ({ command: inState(RUNNING), revision: 10 + looks++ });
  const states: CommandState[] = [];
  for await (const { state } of followCommand({ ...world, id, look, signal: undefined })) {
    states.push(state);
    if (state === RUNNING) {
      tell(world, 9);
      await world.broker.connection.flush();
      tell(world, 11, inState(RETRYING));
    } else if (state === RETRYING) tell(world, 12);
  }
  expect(states).toEqual([RUNNING, RETRYING, DONE]);
  expect(looks).toBe(1);
});

test("after a loss of the connection it is looked, for what was told meanwhile is gone", async () => {
  await using world = await openTestBroker();
  const { broker } = world;
  const looked = [inState(RUNNING), inState(DONE)];
  const reconnected: (() => void)[] = [];
  const lossy = {
    ...broker,
    onReconnect: (listener: () => void) => {
      reconnected.push(listener);
      return () => {};
    },
  };
  // It is looked every ten seconds anyway.
  const signal = AbortSignal.timeout(8_000);
  const states: CommandState[] = [];
  const look = async () => ({ command: looked.shift() ?? inState(DONE), revision: 1 });
  for await (const { state } of followCommand({ ...world, broker: lossy, id, look, signal })) {
    states.push(state);
    for (const listener of reconnected) listener();
  }
  expect(states).toEqual([RUNNING, DONE]);
});
