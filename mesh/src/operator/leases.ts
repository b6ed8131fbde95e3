// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type AgentProfile,
  type RegisterRequest,
  type RegisterResponse,
  RegisterResponseSchema,
  WireProtocol,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { Context } from "../agent/context.ts";
import type { Host } from "../agent/host-options.ts";
import { endpointProbe } from "../calls/endpoint-probe.ts";
import { MeshError } from "../mesh-error.ts";
import { admit, assertServed } from "./admission.ts";
import type { DirectoryDesk } from "./directory-desk.ts";
import { ProbedHealth } from "./probed-health.ts";

/**
 * Leases of peers without this runtime: each keeps its instance in the directory and probes it while its stream lives. When the
 * peer ends the stream the instance leaves; when this host drains, the entry stays for its TTL, so that the peer finds
 * another registrar before calls miss it.
 */
export class Leases {
  /** By instance id: what ends the lease for a newer one. */
  readonly #held = new Map<string, AbortController>();

  /** Holds one lease for as long as its stream is read. */
  async *hold(desk: DirectoryDesk, request: RegisterRequest, ctx: Context): AsyncGenerator<RegisterResponse> {
    const { host } = desk;
    const profile = await admit(desk, request, ctx.header.sourceAgentId);
    const probe = endpointProbe(profile.endpoint, profile.protocol === WireProtocol.CONNECT ? "connect" : "grpc");
    const superseded = new AbortController();
    try {
      await assertServed(profile, probe);
      this.#held.get(profile.id)?.abort();
      this.#held.set(profile.id, superseded);
      const registration = await host.register(profile);
      const health = new ProbedHealth(host.directory, registration);
      const over = AbortSignal.any([ctx.signal, host.closing, superseded.signal]);
      try {
        await registration.ready();
        for (;;) {
          yield answer(host, registration.profile, health);
          await pause(host.directory.heartbeatMs, over);
          if (over.aborted) break;
          await health.learn(await probe.ask(profile.services)).catch(() => {});
        }
      } finally {
        if (host.closing.aborted || superseded.signal.aborted || !isNewest(host, profile)) registration.abandon();
        else await registration.leave();
      }
      if (host.closing.aborted) throw ended("DRAINING", "this registrar is shutting down; register again to go on");
      if (superseded.signal.aborted) throw ended("CONFLICT", `"${profile.id}" was registered again by another stream`);
    } finally {
      if (this.#held.get(profile.id) === superseded) this.#held.delete(profile.id);
      probe.close();
    }
  }
}

function answer({ directory }: Host, { id, status }: AgentProfile, { report }: ProbedHealth): RegisterResponse {
  const { heartbeatMs, ttlMs } = directory;
  return create(RegisterResponseSchema, { id, heartbeatMs, ttlMs, status, health: report });
}

/** Another registrar may have the instance by now; then its entry is not ours to take out. */
function isNewest({ directory }: Host, { id, registeredAt }: AgentProfile): boolean {
  const there = directory.all().find((profile) => profile.id === id);
  if (there?.registeredAt === undefined || registeredAt === undefined) return true;
  return timestampMs(there.registeredAt) <= timestampMs(registeredAt);
}

/** Real time: it is a heartbeat. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}

function ended(code: "DRAINING" | "CONFLICT", message: string): MeshError {
  return new MeshError({ code, message });
}
