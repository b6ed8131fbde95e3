// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { all } from "../all.ts";
import { type Broker, connectBroker } from "../broker/connection.ts";
import { refuseRolledBack } from "../broker/rolled-back.ts";
import { currentRetention, ensureStreams, type Retention } from "../broker/streams.ts";
import type { Traffic } from "../broker/traffic.ts";
import type { Clock } from "../clock.ts";
import type { Contracts } from "../contracts/contracts.ts";
import { sealedFields } from "../contracts/sealed-fields.ts";
import { ContractStore } from "../directory/contract-store.ts";
import { Directory } from "../directory/directory.ts";
import { MaintenanceBoard } from "../maintenance/maintenance-board.ts";
import { Overlays } from "../overlay/overlays.ts";
import { logger } from "../telemetry/logger.ts";
import { startTelemetry } from "../telemetry/sdk.ts";
import type { Agent } from "./define-agent.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { contractsOf, domainsOf } from "./hosted-contracts.ts";
import { longerRetention, retentionOf } from "./retention.ts";

/** What a host stands on. */
export interface Ground {
  readonly namespace: string;
  readonly agents: readonly Agent[];
  readonly contracts: Contracts;
  /** How long EVENTS and COMMANDS kept messages when the host opened: as these contracts need, longer where others do. */
  readonly retention: Retention;
  readonly broker: Broker;
  readonly contractStore: ContractStore;
  readonly directory: Directory;
  readonly maintenance: MaintenanceBoard;
  /** What holds for methods instead of their contracts for a while. */
  readonly overlays: Overlays;
  /** Sees to it that the streams of a proto package are there, asked for the first time. */
  readonly ensureDomain: (domain: string) => Promise<void>;
  /** Makes again what streams are gone. */
  readonly mendStreams: () => Promise<void>;
}

/** Where and for whom the ground is opened. */
export interface GroundInit {
  readonly namespace: string;
  readonly agents: readonly Agent[];
  /** Default: `PARLEY_NATS_URL`, else `nats://127.0.0.1:4222`. */
  readonly broker: string | undefined;
  readonly replicas: number | undefined;
  readonly heartbeat: Heartbeat | undefined;
  readonly traffic: Traffic | undefined;
  /** By which overlays end. */
  readonly clock: Clock;
}

/** Connects, makes the streams that the agents need, and opens the directory. What it opens goes onto `opening`. */
export async function openGround(init: GroundInit, opening: AsyncDisposableStack): Promise<Ground> {
  const { namespace, agents, replicas, heartbeat } = init;
  const contracts = contractsOf(agents);
  warnOfSealed(contracts);
  const name = agents.map((agent) => agent.name).join("+");
  const telemetry = await startTelemetry({ serviceName: agents.length === 1 ? name : namespace });
  opening.defer(() => telemetry.shutdown());

  const url = init.broker ?? process.env["PARLEY_NATS_URL"] ?? "nats://127.0.0.1:4222";
  const broker = opening.use(await connectBroker({ url, name, traffic: init.traffic }));
  const domains = domainsOf(agents, contracts);
  const needed = retentionOf(contracts);
  const mendStreams = () => ensureStreams(broker, { namespace, domains, replicas, retention: needed });
  await mendStreams();
  const retention = longerRetention(needed, await currentRetention(broker, namespace));
  await refuseRolledBack(broker, { namespace, domains });
  const kept = <Opened extends AsyncDisposable>(opened: Opened) => opening.use(opened);
  const times = { heartbeatMs: heartbeat?.everyMs, ttlMs: heartbeat?.ttlMs };
  const [contractStore, directory, maintenance, overlays] = await all([
    openContractStore(broker, namespace, contracts),
    Directory.open(broker, { namespace, replicas, ...times }).then(kept),
    MaintenanceBoard.open(broker, namespace).then(kept),
    Overlays.open(broker, namespace, init.clock).then(kept),
  ]);
  const ensureDomain = oncePerDomain(domains, (domain) =>
    ensureStreams(broker, { namespace, domains: [domain], replicas, retention }),
  );
  return {
    namespace,
    agents,
    contracts,
    retention,
    broker,
    contractStore,
    directory,
    maintenance,
    overlays,
    ensureDomain,
    mendStreams,
  };
}

async function openContractStore(broker: Broker, namespace: string, contracts: Contracts): Promise<ContractStore> {
  const store = await ContractStore.open(broker, namespace);
  await store.keep(contracts);
  return store;
}

/** Makes what a package needs when it is first asked for; what failed is tried again. */
function oncePerDomain(
  there: readonly string[],
  make: (domain: string) => Promise<void>,
): (domain: string) => Promise<void> {
  const made = new Map(there.map((domain) => [domain, Promise.resolve()]));
  return (domain) => {
    const work = made.get(domain) ?? make(domain);
    made.set(domain, work);
    work.catch(() => made.delete(domain));
    return work;
  };
}

/** Nobody shall take for sealed what is not. */
function warnOfSealed(contracts: Contracts): void {
  const fields = sealedFields(contracts);
  if (fields.length === 0) return;
  logger.warn(
    { fields },
    "contracts call fields sealed, which is not done yet: they are sent and stored in plain text",
  );
}
