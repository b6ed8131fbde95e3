// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type ConnectionOptions, connect, type NatsConnection } from "@nats-io/transport-node";
import { MeshError } from "../mesh-error.ts";
import { brokerError } from "./broker-error.ts";
import { refuseOldServer } from "./server-binary.ts";
import { type Traffic, underWay } from "./traffic.ts";

/** How long a question to the broker may stay unanswered. */
const answerTimeoutMs = 5_000;
/** How long closing waits for messages on their way out. */
const drainTimeoutMs = 2_000;

/** Where and as whom to connect. */
export interface BrokerOptions {
  /** One address or several with commas between them: `nats://[user:password@]host:port`. */
  readonly url: string;
  /** Shown in the broker's lists of connections. */
  readonly name: string;
  /** Is told what goes on over this connection. Default: nobody is. */
  readonly traffic?: Traffic | undefined;
}

/** An open connection to a broker that is known to be new enough and to have JetStream. It reconnects for ever. */
export interface Broker extends AsyncDisposable {
  readonly url: string;
  readonly connection: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  /** False from the loss of the connection until it is there again. */
  readonly connected: boolean;
  /** Who is told what goes on over it. */
  readonly traffic?: Traffic | undefined;
  /** Calls back whenever a lost connection is there again. Returns a function that ends it. */
  onReconnect(listener: () => void): () => void;
  /** Sends what is still on its way, at most two seconds long, and closes. Safe to call again. */
  close(): Promise<void>;
}

/**
 * Connects to a broker.
 *
 * @throws MeshError BROKER_UNAVAILABLE when nothing answers, BROKER_UNSUITABLE when it is too old or has no JetStream.
 */
export async function connectBroker({ url, name, traffic }: BrokerOptions): Promise<Broker> {
  const connection = await open(url, name);
  if (traffic !== undefined) countQuestions(connection, traffic);
  try {
    refuseOldServer(connection.info?.version ?? "0.0.0", withoutCredentials(url));
    const manager = await managerOf(connection, url);
    const close = () => closeConnection(connection);
    const state = stateOf(connection);
    const client = jetstream(connection, { timeout: answerTimeoutMs });
    return {
      url,
      connection,
      jetstream: client,
      manager,
      get connected() {
        return state.connected;
      },
      traffic,
      onReconnect: state.onReconnect,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function open(url: string, name: string): Promise<NatsConnection> {
  const settings: ConnectionOptions = {
    ...addressOf(url),
    name,
    timeout: answerTimeoutMs,
    // The defaults of the client give up after ten attempts and notice a silent partition only after minutes.
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 100,
    pingInterval: 5_000,
    maxPingOut: 2,
    noAsyncTraces: true,
  };
  try {
    return await connect(settings);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `broker at "${withoutCredentials(url)}" cannot be reached (${reason}); start nats-server or check PARLEY_NATS_URL`;
    throw new MeshError({ code: "BROKER_UNAVAILABLE", message, cause });
  }
}

/** Whatever the libraries ask the broker goes through this one method. */
function countQuestions(connection: NatsConnection, traffic: Traffic): void {
  const ask = connection.request.bind(connection);
  connection.request = (subject, ...more) => underWay({ traffic }, subject, ask(subject, ...more));
}

async function managerOf(connection: NatsConnection, url: string): Promise<JetStreamManager> {
  try {
    return await jetstreamManager(connection, { timeout: answerTimeoutMs });
  } catch (cause) {
    const where = `the broker at "${withoutCredentials(url)}"`;
    const error = brokerError(cause, `JetStream of ${where}`);
    // A cluster without a leader is silent too: only the server's own word tells the two apart.
    const absent = error.code === "BROKER_UNSUITABLE" || connection.info?.jetstream !== true;
    const message = `${where} has no JetStream for this user; enable it in its configuration or with "-js"`;
    throw absent ? new MeshError({ code: "BROKER_UNSUITABLE", message, cause }) : error;
  }
}

function stateOf(connection: NatsConnection): Pick<Broker, "connected" | "onReconnect"> {
  const listeners = new Set<() => void>();
  const state = {
    connected: true,
    onReconnect(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === "disconnect") state.connected = false;
      if (type !== "reconnect") continue;
      state.connected = true;
      for (const listener of [...listeners]) listener();
    }
  })();
  return state;
}

async function closeConnection(connection: NatsConnection): Promise<void> {
  if (connection.isClosed()) return;
  // Draining waits for an answer of the broker, which may be away.
  const timer = setTimeout(() => void connection.close(), drainTimeoutMs);
  await connection.drain().catch(() => connection.close());
  clearTimeout(timer);
}

function addressOf(url: string): Pick<ConnectionOptions, "servers" | "user" | "pass" | "token"> {
  const addresses = url.split(",").map((address) => address.trim());
  const parsed = addresses.flatMap((address) => (URL.canParse(address) ? [new URL(address)] : []));
  const credentials = parsed.find(({ username }) => username !== "");
  const servers = addresses.map((address) => address.replace(/\/\/[^@/]*@/, "//"));
  if (credentials === undefined) return { servers };
  const [user, pass] = [decodeURIComponent(credentials.username), decodeURIComponent(credentials.password)];
  return pass === "" ? { servers, token: user } : { servers, user, pass };
}

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^@/,]*@/g, "//");
}
