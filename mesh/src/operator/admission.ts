// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type DescService } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type AgentProfile,
  AgentProfileSchema,
  AgentRole,
  InstanceStatus,
  type RegisterRequest,
  WireProtocol,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { assertAdvertisable } from "../agent/endpoint.ts";
import type { Host } from "../agent/host-options.ts";
import type { EndpointProbe } from "../calls/endpoint-probe.ts";
import { Contracts } from "../contracts/contracts.ts";
import { newId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import { nearNames } from "../near-names.ts";
import type { DirectoryDesk } from "./directory-desk.ts";

/**
 * The profile of a peer that may register as it asks, before it is probed. Its contracts are kept where gateways and operators
 * find them.
 *
 * @throws MeshError REFUSED when the contract gives a service to another agent, the name is one of the mesh's own or the
 *   endpoint is none; UNKNOWN_TYPE for a service without a contract; UNDECODABLE; CONFLICT when the id is taken;
 *   PERMISSION_DENIED when an agent registers another
 */
export async function admit(
  { host, contracts }: DirectoryDesk,
  request: RegisterRequest,
  sender: string,
): Promise<AgentProfile> {
  const { name, services } = request;
  assertMayRegister(host, name, sender);
  assertAdvertisable(request.endpoint);
  const endpoint = request.endpoint.replace(/\/+$/, "");
  assertFree(host, { ...request, endpoint });
  const known = await contracts.all();
  // What the mesh knows already counts: nobody gives a service to himself by contracts of his own.
  const all = request.fileDescriptorSet.length === 0 ? known : known.merge(Contracts.decode(request.fileDescriptorSet));
  const owned = services.map((service) => ownedService(all, service, name));
  const bundle = Contracts.of({ services: owned });
  await host.contractStore.keep(bundle);
  return create(AgentProfileSchema, {
    ...told(request),
    id: request.id || newId(),
    endpoint,
    status: InstanceStatus.STARTING,
    contractDigest: bundle.digest,
    startedAt: timestampFromMs(Date.now()),
  });
}

/**
 * Has a peer prove that it serves what it says.
 *
 * @throws MeshError UNAVAILABLE when it does not answer or is not serving yet, REFUSED when it does not show that it serves this
 */
export async function assertServed({ endpoint, services }: AgentProfile, probe: EndpointProbe): Promise<void> {
  const found = await probe.ask(services);
  switch (found.kind) {
    case "serving":
      return;
    case "silent":
      throw new MeshError({ code: "UNAVAILABLE", message: `nobody answers at "${endpoint}": ${found.why}` });
    case "not-serving":
      throw new MeshError({
        code: "UNAVAILABLE",
        message: `"${endpoint}" says that it is not serving "${found.service}" now`,
      });
    case "unproven":
      return refuse(
        `"${endpoint}" does not show that it serves "${found.service}"; have grpc.health.v1.Health answer SERVING for that name, or list it by reflection`,
      );
  }
}

/** What a peer says of itself. */
function told(request: RegisterRequest) {
  const { name, description, services, capabilities, skills, tools, model, version, permissions } = request;
  return {
    name,
    description,
    services,
    capabilities,
    skills,
    tools,
    model,
    version,
    permissions,
    role: request.role === AgentRole.UNSPECIFIED ? AgentRole.DETERMINISTIC : request.role,
    weight: Math.max(1, request.weight),
    protocol: request.protocol === WireProtocol.UNSPECIFIED ? WireProtocol.GRPC : request.protocol,
  };
}

/** Who comes from outside speaks through a part of the mesh, a gateway; an agent speaks for itself alone. */
function assertMayRegister({ directory }: Host, name: string, sender: string): void {
  if (name.startsWith("mesh.")) refuse(`"${name}" is a part of the mesh itself; only its own hosts register it`);
  if (sender === name) return;
  const [known] = directory.all().filter((profile) => profile.name === sender);
  if (known === undefined || known.role === AgentRole.SYSTEM) return;
  const message = `agent "${sender}" cannot register agent "${name}", only itself`;
  throw new MeshError({ code: "PERMISSION_DENIED", message });
}

/** The same id at the same address is the same instance, which goes on. */
function assertFree(
  { directory }: Host,
  { id, name, endpoint }: Pick<RegisterRequest, "id" | "name" | "endpoint">,
): void {
  const taken = id === "" ? undefined : directory.all().find((profile) => profile.id === id);
  if (taken === undefined || (taken.name === name && taken.endpoint === endpoint)) return;
  const message = `id "${id}" belongs to an instance of "${taken.name}" at "${taken.endpoint}"; leave the id out to get a new one`;
  throw new MeshError({ code: "CONFLICT", message });
}

function ownedService(all: Contracts, service: string, agent: string): DescService {
  const found = all.services.find(({ typeName }) => typeName === service);
  const [method] = found?.methods ?? [];
  if (found === undefined || method === undefined) {
    const near = nearNames(
      service,
      all.services.map(({ typeName }) => typeName),
    );
    const advice = near.length > 0 ? `did you mean ${near.join(" or ")}? If it is new, ` : "";
    const message = `no contract in the mesh has a service "${service}" with methods; ${advice}send its contract as file_descriptor_set`;
    throw new MeshError({ code: "UNKNOWN_TYPE", message });
  }
  const owner = all.method(method).agent;
  if (owner !== agent)
    refuse(`"${service}" belongs to agent "${owner}" by its contract; agent "${agent}" cannot serve it`);
  return found;
}

function refuse(message: string): never {
  throw new MeshError({ code: "REFUSED", message });
}
