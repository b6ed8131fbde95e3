// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, toBinary } from "@bufbuild/protobuf";
import { CommandSchema, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import { byCommit, defineAgent, MeshError, serve } from "@parley/mesh";
import { brokerAppender, durableName, ensureDurable, pull, Subjects, streamNames } from "@parley/mesh/broker";
import { testMesh } from "@parley/mesh/testing";
import { expect, test } from "vitest";
import { jobs } from "../agents/job-agent.ts";
import { ExactService, JobDoneSchema } from "../gen/parley/test/v1/job_pb.js";
import { until } from "../tools/until.ts";

const method = ExactService.method.doExactly;
const methodName = "parley.test.v1.ExactService/DoExactly";

/** Does a job by one commit; what `before` throws, a commit throws before it is stored. */
function exactAgent(before: () => void = () => {}) {
  return defineAgent({
    name: "test.exact",
    serves: [
      serve(ExactService, {
        doExactly: byCommit(
          ({ name }) => ({ job: jobs.at(name) }),
          ({ name }, { job }) => {
            before();
            job.append(JobDoneSchema, { name });
            return { count: job.state };
          },
        ),
      }),
    ],
  });
}

test("a command that is effectively once has one effect and one reply, also when it is delivered again and called too [R24]", async () => {
  let tries = 0;
  const failsOnce = () => {
    if (++tries === 1) throw new MeshError({ code: "CONNECTION_LOST", message: "lost before it was stored" });
  };
  await using mesh = await testMesh({ agents: [exactAgent(failsOnce)] });
  const request = { name: "exact", requestId: "r-1" };
  const command = await mesh.dispatch(method, request);
  await mesh.advance(1_000);
  await expect(command.result()).resolves.toMatchObject({ count: 1 });
  await expect(mesh.client(ExactService).doExactly(request)).resolves.toMatchObject({ count: 1 });
  expect(await mesh.load(jobs.at("exact"))).toBe(1);
  expect(mesh.events.of(JobDoneSchema)).toHaveLength(1);
  expect(tries).toBe(2);
});

test("a command that comes again after it was done is not run again: its status tells", async () => {
  await using mesh = await testMesh({ agents: [exactAgent()] });
  const command = await mesh.dispatch(method, { name: "again" });
  await command.result();
  await mesh.settled();
  const observed = mesh.observed.filter(({ kind }) => kind === "ran").length;
  // The same message once more, as after a broker that has forgotten the acknowledgement.
  const { namespace, broker } = mesh;
  const durable = {
    stream: streamNames(namespace).commands,
    name: durableName("test.other", "copy"),
    filters: [new Subjects(namespace).heardCommand(methodName)],
    from: "retained" as const,
  };
  await ensureDurable(broker, durable);
  const subjects: string[] = [];
  const copying = pull(broker, {
    durable,
    maxMessages: 1,
    onMessage: async (message) => {
      subjects.push(message.subject);
      const headers = new Map(message.headers);
      const subject = `${namespace}.jrn.parley-test-v1.out.-.k.cmd.medium.parley-test-v1-ExactService-DoExactly.${command.id}`;
      if (subjects.length === 1)
        await brokerAppender(broker).append({ subject, payload: message.payload, headers, id: "copy" });
      message.ack();
    },
  });
  await until(() => subjects.length === 2);
  await copying.stop();
  await mesh.settled();
  expect(mesh.observed.filter(({ kind }) => kind === "ran")).toHaveLength(observed);
  expect(await mesh.load(jobs.at("again"))).toBe(1);
});

test("a host does not start with a handler that could do more than commit", async () => {
  const loose = defineAgent({
    name: "test.exact",
    serves: [serve(ExactService, { doExactly: () => ({ count: 0 }) })],
  });
  await expect(testMesh({ agents: [loose] })).rejects.toMatchObject({
    code: "REFUSED",
    message: expect.stringContaining("only byCommit can keep"),
  });
});

test("a command that was running at a place that is gone, since COMMANDS was made anew, is taken over", async () => {
  await using own = await testMesh({ agents: [defineAgent({ name: "test.client" })] });
  const { namespace, broker, clock } = own;
  const fresh = await own.dispatch(method, { name: "fresh" });
  const lost = await own.dispatch(method, { name: "lost" });
  const { commands, statusOf } = streamNames(namespace);
  await until(async () => (await broker.manager.streams.info(commands)).state.messages === 2);
  // As an instance leaves it that was killed while it ran, at a place that no message will have again.
  const statusSubject = new Subjects(namespace).status({ id: lost.id, agent: "test.exact", method: methodName });
  const running = create(CommandSchema, {
    id: lost.id,
    method: methodName,
    agent: "test.exact",
    source: "test.client",
    sequence: 99n,
  });
  running.state = CommandState.RUNNING;
  await broker.jetstream.publish(statusSubject, toBinary(CommandSchema, running));
  expect((await broker.manager.streams.info(statusOf(lost.id))).state.messages).toBe(1);
  let runs = 0;
  await using _serving = await testMesh({ agents: [exactAgent(() => void runs++)], namespace, clock });
  await expect(fresh.result()).resolves.toMatchObject({ count: 1 });
  await expect(lost.result()).resolves.toMatchObject({ count: 1 });
  expect(runs).toBe(2);
});
