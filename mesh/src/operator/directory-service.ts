// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  AgentChange,
  type AgentInstance,
  AgentRole,
  DirectoryService,
  InstanceStatus,
  type WatchAgentsResponse,
  WatchAgentsResponseSchema,
  type AgentFilter as WireFilter,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { Host } from "../agent/host-options.ts";
import { type Served, serve } from "../agent/serve.ts";
import { isMeant, roleOf } from "../directory/agent-filter.ts";
import { MeshError } from "../mesh-error.ts";
import type { DirectoryDesk } from "./directory-desk.ts";
import { Leases } from "./leases.ts";
import { Mailbox } from "./mailbox.ts";

/** Serves DirectoryService over the directory of the operator's host. */
export function directoryService(attached: () => Promise<DirectoryDesk>): Served {
  const leases = new Leases();
  return serve(DirectoryService, {
    async listAgents({ service, filter }) {
      const { host } = await attached();
      const instances = host.directory
        .instances()
        .filter((one) => (service === "" || one.profile?.services.includes(service)) && meant(one, filter))
        .sort(byNameAndStart);
      return { agents: instances.flatMap(({ profile }) => profile ?? []), instances };
    },
    async getAgent({ id }) {
      const { host } = await attached();
      const instance = host.directory.instances().find(({ profile }) => profile?.id === id);
      if (instance !== undefined) return { instance };
      throw new MeshError({
        code: "NOT_FOUND",
        message: `no instance has the id "${id}"; it left or was lost, or never was; ListAgents tells who is there`,
      });
    },
    async *watchAgents({ filter }, { signal }) {
      const { host } = await attached();
      yield* changes(host, { filter, signal: AbortSignal.any([signal, host.closing]) });
    },
    async *register(request, ctx) {
      yield* leases.hold(await attached(), request, ctx);
    },
  });
}

interface Watching {
  readonly filter: WireFilter | undefined;
  readonly signal: AbortSignal;
}

/** Changes that wait for whoever reads, besides those who are there at the beginning. */
const maxWaiting = 10_000;

/** Who reads slowly gets all changes all the same, late; who does not read at all is cut off in the end. */
async function* changes(host: Host, { filter, signal }: Watching): AsyncGenerator<WatchAgentsResponse> {
  const mailbox = new Mailbox<WatchAgentsResponse>(maxWaiting + host.directory.instances().length);
  const told = new Set<string>();
  const tell = (change: AgentChange, instance: AgentInstance) => {
    const id = instance.profile?.id ?? "";
    // Who is not meant any more, because its status is another, is told of for a last time.
    if (!meant(instance, filter) && !told.delete(id)) return;
    if (meant(instance, filter)) told.add(id);
    mailbox.put(create(WatchAgentsResponseSchema, { change, instance }));
  };
  const end = host.directory.onChange(({ kind, instance }) => tell(changeOf[kind], instance));
  try {
    for (const instance of [...host.directory.instances()].sort(byNameAndStart)) tell(AgentChange.PRESENT, instance);
    yield* mailbox.taken(signal);
  } finally {
    end();
  }
}

const changeOf = {
  joined: AgentChange.JOINED,
  changed: AgentChange.CHANGED,
  left: AgentChange.LEFT,
  lost: AgentChange.LOST,
} as const;

function meant({ profile }: AgentInstance, filter: WireFilter | undefined): boolean {
  if (profile === undefined) return false;
  if (filter === undefined) return true;
  const { service, name, role, capability, skill, tool, status } = filter;
  const isStatus = status === InstanceStatus.UNSPECIFIED || status === profile.status;
  return (
    isStatus &&
    isMeant(profile, {
      service: service || undefined,
      name: name || undefined,
      role: role === AgentRole.UNSPECIFIED ? undefined : roleOf({ role }),
      capability: capability || undefined,
      skill: skill || undefined,
      tool: tool || undefined,
    })
  );
}

function byNameAndStart(a: AgentInstance, b: AgentInstance): number {
  const [one, other] = [a.profile?.name ?? "", b.profile?.name ?? ""];
  if (one !== other) return one < other ? -1 : 1;
  return startOf(a) - startOf(b);
}

function startOf({ profile }: AgentInstance): number {
  return profile?.startedAt === undefined ? 0 : timestampMs(profile.startedAt);
}
