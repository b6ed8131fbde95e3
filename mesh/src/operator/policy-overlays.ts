// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  OverlayChange,
  PolicyOverlayChangedSchema,
  PolicyOverlaySchema,
  PolicyOverlayService,
} from "@parley/contracts/parley/mesh/v1/overlay_pb.js";
import type { Host } from "../agent/host-options.ts";
import { type Served, serve } from "../agent/serve.ts";
import type { MethodContract } from "../contracts/policy.ts";
import { MessageIds } from "../events/publisher.ts";
import { MeshError } from "../mesh-error.ts";
import { nearNames } from "../near-names.ts";
import { assertSound } from "../overlay/overlay-rules.ts";
import { ownDomain } from "../own-domain.ts";
import { logger } from "../telemetry/logger.ts";
import type { DirectoryDesk } from "./directory-desk.ts";

/** Serves PolicyOverlayService; the bucket in the broker decides, the events tell of it. */
export function policyOverlayService(attached: () => Promise<DirectoryDesk>): Served {
  return serve(PolicyOverlayService, {
    async listOverlays() {
      return { overlays: [...(await attached()).host.overlays.all()] };
    },
    async setOverlay({ overlay: wanted }, ctx) {
      const desk = await attached();
      const asked = wanted ?? create(PolicyOverlaySchema);
      const contract = await methodNamed(desk, asked.method);
      const overlay = { ...asked, method: contract.name, setAt: timestampFromMs(ctx.clock.now()) };
      assertSound(overlay, contract, ctx.clock.now());
      await desk.host.overlays.set(overlay);
      await ctx.publish(PolicyOverlayChangedSchema, { method: contract.name, change: OverlayChange.SET, overlay });
      return { overlay };
    },
    async removeOverlay({ method, author }, ctx) {
      const { host } = await attached();
      const overlay = await host.overlays.remove(method);
      const change = OverlayChange.REMOVED;
      await ctx.publish(PolicyOverlayChangedSchema, { method, change, overlay, removedBy: author });
      return { overlay };
    },
  });
}

/**
 * Publishes that an overlay's time was over, once however many operators there are. While no operator runs nobody tells it;
 * the overlay ends all the same.
 */
export function announceExpiries(host: Host, source: string): void {
  const publisher = host.publisherOf(host.contracts);
  const end = host.overlays.onChange(({ kind, method, overlay }) => {
    if (kind !== "expired") return;
    const ids = new MessageIds(source, "overlay-expired", method, String(overlay.setAt && timestampMs(overlay.setAt)));
    const event = { method, change: OverlayChange.EXPIRED, overlay };
    publisher
      .publish(PolicyOverlayChangedSchema, event, { source, cause: undefined, ids })
      .catch((thrown: unknown) => logger.warn({ err: thrown, operation: method }, "an expiry could not be announced"));
  });
  host.closing.addEventListener("abort", end, { once: true });
}

/** @throws MeshError UNKNOWN_TYPE with names that are near; REFUSED for the mesh's own methods */
async function methodNamed({ contracts }: DirectoryDesk, name: string): Promise<MethodContract> {
  const all = await contracts.all();
  const contract = all.methodNamed(name);
  if (contract === undefined) {
    const near = nearNames(
      name,
      all.services.flatMap(({ typeName, methods }) => methods.map((desc) => `${typeName}/${desc.name}`)),
    );
    const advice = near.length > 0 ? `did you mean ${near.join(" or ")}?` : "parley contracts lists all methods";
    throw new MeshError({ code: "UNKNOWN_TYPE", message: `no contract in the mesh has a method "${name}"; ${advice}` });
  }
  if (contract.desc.parent.file.proto.package !== ownDomain) return contract;
  const message = `"${name}" is a method of the mesh itself, which has no overlays: a wrong one could not be taken away again`;
  throw new MeshError({ code: "REFUSED", message });
}
