// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { newestMarks, readSourceMark, sourceStates } from "./sourcing.ts";
import { contentOf, domain, happened, openTestBroker, textMessage } from "./testdata/test-broker.ts";

test("how far a stream has sourced is what the broker says, and what its newest messages say", async () => {
  await using mesh = await openTestBroker();
  const { subjects, appender, names, broker } = mesh;
  for (const id of ["a", "b", "c"]) await appender.append(textMessage(subjects.outgoingEvent(happened, "k"), id));
  await appender.append(textMessage(subjects.handledMark(domain, "test.agent", "m"), "mark"));
  await contentOf(broker, names.events, 3);
  const origin = names.journal(domain);
  // The broker lists them in any order.
  const sourced = await sourceStates(broker, names.events);
  expect(new Map(sourced.map((state) => [state.origin, state.sequence]))).toEqual(
    new Map([
      [names.schedules, 0],
      [origin, 3],
    ]),
  );
  expect(await newestMarks(broker, names.events, 3)).toEqual(new Map([[origin, 3]]));
  const states = await sourceStates(broker, names.commands);
  expect(states.find((state) => state.origin === origin)).toMatchObject({ sequence: 0 });
});

test("a stream that is not there has sourced nothing", async () => {
  await using mesh = await openTestBroker();
  expect(await sourceStates(mesh.broker, `${mesh.namespace}_NONE`)).toEqual([]);
});

test.each([undefined, "", "STREAM", "STREAM:C=x seq", " 3"])("%j is no mark of a source", (header) => {
  expect(readSourceMark(header)).toBeUndefined();
});
