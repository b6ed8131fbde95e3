import { testMesh } from "@parley/mesh/testing";
import { expect, test } from "vitest";
import { GreeterSaidHelloSchema, GreeterService } from "../gen/greeter/v1/greeter_pb.js";
import agent from "../src/agent.ts";

// The first run may have to fetch a nats-server: that is what the minute is for.
test("greets, announces it, and knows whom it has greeted", { timeout: 60_000 }, async () => {
  await using mesh = await testMesh({ agents: [agent] });
  const client = mesh.client(GreeterService);

  expect(await client.sayHello({ name: "Ada" })).toMatchObject({ text: "Hello Ada!" });
  expect(await mesh.heard(GreeterSaidHelloSchema, { name: "Ada" })).toMatchObject({ text: "Hello Ada!" });

  await mesh.settled();
  expect(await client.sayHello({ name: "Ada" })).toMatchObject({ text: "Hello again, Ada!" });
});

test("refuses what the contract forbids", { timeout: 60_000 }, async () => {
  await using mesh = await testMesh({ agents: [agent] });
  await expect(mesh.client(GreeterService).sayHello({ name: "" })).rejects.toMatchObject({
    code: "INVALID_MESSAGE",
  });
});
