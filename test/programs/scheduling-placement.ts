// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import { openGateway } from "@parley/gateway";
import { defineAgent, type Host, host, type Observation } from "@parley/mesh";
import { deleteNamespace } from "@parley/mesh/broker";
import { EventRecorder } from "@parley/mesh/testing";
import { agents, seed } from "@parley/scheduling";
import { until } from "../tools/until.ts";

/** The agents of scheduling, running, with a gateway before them. Disposing of it ends them and deletes what they stored. */
export interface Placed extends AsyncDisposable {
  /** All that was said and heard so far, in whichever process. */
  readonly observed: readonly Observation[];
  readonly events: EventRecorder;
  readonly host: Host;
  /** A client at the gateway; all that it calls is part of one trace. */
  client<S extends DescService>(service: S, traceId: string): Client<S>;
  /** Ends the process of an agent at once, as a lost machine would. Only where each has its own. */
  kill(agent: AgentName): Promise<void>;
  /** Starts the process of an agent that was ended; resolves when it takes calls. */
  restart(agent: AgentName): Promise<void>;
}

/** Agents by the names of their processes. */
export type AgentName = "user" | "main" | "provider";

/** Who speaks for people outside. */
const gatewayAgent = defineAgent({
  name: "gateway",
  role: "SYSTEM",
  permissions: [
    ...["READ_PROVIDERS", "MANAGE_PROVIDERS", "READ_APPOINTMENTS", "MANAGE_SCHEDULE"],
    ...["REQUEST_APPOINTMENT", "CONFIRM_SLOT", "CANCEL_APPOINTMENT"],
  ],
});

/** Starts all agents in this process, or each of them in a process of its own, with the sample providers. */
export async function placeScheduling(placement: "one" | "many", broker: string): Promise<Placed> {
  await using opening = new AsyncDisposableStack();
  const namespace = `test-${randomBytes(6).toString("hex")}`;
  const observed: Observation[] = [];
  const observer = (observation: Observation) => void observed.push(observation);
  const own = placement === "one" ? [...agents(), gatewayAgent] : [gatewayAgent];
  const edge = opening.use(await host({ agents: own, broker, namespace, observer, drainMs: 1_000 }));
  opening.defer(() => deleteNamespace(edge.broker, namespace));
  const processes = new Map<AgentName, ChildProcess>();
  opening.defer(async () => void (await Promise.all([...processes.values()].map(kill))));
  const start = async (name: AgentName) => {
    const child = startAgents({ broker, namespace, name, observer });
    processes.set(name, child.process);
    await child.ready;
  };
  if (placement === "many") await Promise.all((["user", "main", "provider"] as const).map(start));
  const services = [UserAgentService, SchedulingAgentService, ProviderAgentService];
  await until(() => services.every(({ typeName }) => edge.directory.instancesOf(typeName).length > 0));
  await seed({ client: (service) => edge.client(service, { source: "gateway" }) });
  const gateway = opening.use(await openGateway({ host: edge, port: 0, exposure: "PUBLIC" }));
  const events = opening.use(await EventRecorder.open(edge.broker, namespace));
  const open = opening.move();
  return {
    ...{ observed, events, host: edge, restart: start },
    kill: async (name) => kill(processes.get(name)),
    client: (service, traceId) => createClient(service, transport(gateway.url, traceId)),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function transport(baseUrl: string, traceId: string) {
  return createConnectTransport({
    ...{ baseUrl, httpVersion: "1.1" },
    interceptors: [
      (next) => (request) => {
        request.header.set("traceparent", `00-${traceId}-${randomBytes(8).toString("hex")}-01`);
        return next(request);
      },
    ],
  });
}

interface Started {
  readonly broker: string;
  readonly namespace: string;
  readonly name: string;
  readonly observer: (observation: Observation) => void;
}

function startAgents({ broker, namespace, name, observer }: Started): {
  process: ChildProcess;
  ready: Promise<unknown>;
} {
  const child = fork(fileURLToPath(new URL("./hosts-scheduling.ts", import.meta.url)), {
    env: { ...process.env, HOST_BROKER: broker, HOST_NAMESPACE: namespace, HOST_AGENTS: name, HOST_TELLS: "yes" },
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.on("message", (message) => (message === "ready" ? resolve() : observer(message as Observation)));
    child.once("exit", (code) => reject(new Error(`the process of "${name}" ended with ${code}`)));
  });
  return { process: child, ready };
}

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
