// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type PolicyOverlay, PolicyOverlaySchema } from "@parley/contracts/parley/mesh/v1/overlay_pb.js";
import type { BucketChange } from "../broker/bucket-watch.ts";
import type { Broker } from "../broker/connection.ts";
import { keyOfToken, keyToken } from "../broker/key-token.ts";
import { type Bucket, openBucket } from "../broker/key-value.ts";
import type { Clock } from "../clock.ts";
import { overlaidContract } from "../contracts/overlaid-contract.ts";
import type { MethodContract } from "../contracts/policy.ts";
import { MeshError } from "../mesh-error.ts";
import { logger } from "../telemetry/logger.ts";
import { overlayProblems } from "./overlay-rules.ts";

/** What happened to the overlay of a method, as this process noticed it. */
export interface OverlayEvent {
  readonly kind: "set" | "removed" | "expired";
  /** `package.Service/Method`. */
  readonly method: string;
  readonly overlay: PolicyOverlay;
}

interface Active {
  readonly overlay: PolicyOverlay;
  /** What each contract of the method is under it; several bundles may hold one. */
  readonly contracts: WeakMap<MethodContract, MethodContract>;
  readonly cancelExpiry: () => void;
}

/**
 * The overlays of a mesh: a copy in this process, kept by watching the broker. Each ends at its time by the clock of this
 * process, whether or not the broker is there; a process that starts knows all before it takes its first message.
 */
export class Overlays implements AsyncDisposable {
  readonly #bucket: Bucket;
  readonly #clock: Clock;
  readonly #revisions = new Map<string, number>();
  readonly #active = new Map<string, Active>();
  readonly #listeners = new Set<(event: OverlayEvent) => void>();
  #stopWatching: () => void = () => {};

  private constructor(bucket: Bucket, clock: Clock) {
    this.#bucket = bucket;
    this.#clock = clock;
  }

  static async open(broker: Broker, namespace: string, clock: Clock): Promise<Overlays> {
    const overlays = new Overlays(await openBucket(broker, { namespace, purpose: "overlays" }), clock);
    overlays.#stopWatching = await overlays.#bucket.watch((change) => overlays.#learn(change));
    for (const [key, entry] of await overlays.#bucket.entries()) overlays.#learn({ key, ...entry });
    return overlays;
  }

  /** Those that hold now, by method. */
  all(): readonly PolicyOverlay[] {
    const all = [...this.#active.values()].map(({ overlay }) => overlay);
    return all.sort((a, b) => (a.method < b.method ? -1 : 1));
  }

  /** The contract of a method as it holds now: itself, unless there is an overlay. Costs a comparison while there is none. */
  of(contract: MethodContract): MethodContract {
    if (this.#active.size === 0) return contract;
    const active = this.#active.get(contract.name);
    if (active === undefined) return contract;
    let overlaid = active.contracts.get(contract);
    if (overlaid === undefined) {
      overlaid = overlaidContract(contract, active.overlay);
      active.contracts.set(contract, overlaid);
    }
    return overlaid;
  }

  /** Calls back after each change. Returns a function that ends it. */
  onChange(listener: (event: OverlayEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sets the overlay of its method, everywhere, in the place of the one there is. */
  async set(overlay: PolicyOverlay): Promise<void> {
    const key = keyToken(overlay.method);
    const value = toBinary(PolicyOverlaySchema, overlay);
    this.#learn({ key, value, revision: await this.#bucket.put(key, value) });
  }

  /** Takes the overlay of a method away, everywhere, and gives what it was. @throws MeshError NOT_FOUND when none holds */
  async remove(method: string): Promise<PolicyOverlay> {
    const active = this.#active.get(method);
    if (active === undefined) {
      const others = [...this.#active.keys()].sort().join(", ") || "none at all";
      throw new MeshError({ code: "NOT_FOUND", message: `no overlay of "${method}" holds; there is ${others}` });
    }
    await this.#bucket.delete(keyToken(method));
    this.#end(method, "removed");
    return active.overlay;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopWatching();
    this.#listeners.clear();
    for (const { cancelExpiry } of this.#active.values()) cancelExpiry();
  }

  /** Changes come by several ways, so an older one may come after a newer one. */
  #learn({ key, value, revision }: BucketChange): void {
    if (revision <= (this.#revisions.get(key) ?? 0)) return;
    this.#revisions.set(key, revision);
    const overlay = value === undefined ? undefined : readable(value);
    if (overlay === undefined) this.#end(keyOfToken(key), "removed");
    else this.#begin(overlay);
  }

  #begin(overlay: PolicyOverlay): void {
    const { method, expiresAt } = overlay;
    const leftMs = (expiresAt === undefined ? 0 : timestampMs(expiresAt)) - this.#clock.now();
    this.#active.get(method)?.cancelExpiry();
    this.#active.delete(method);
    // Entries stay in the broker when their time is over; the next one takes their place.
    if (leftMs <= 0) return;
    const cancelExpiry = this.#clock.after(leftMs, () => this.#end(method, "expired"));
    this.#active.set(method, { overlay, contracts: new WeakMap(), cancelExpiry });
    this.#tell({ kind: "set", method, overlay });
  }

  #end(method: string, kind: "removed" | "expired"): void {
    const active = this.#active.get(method);
    if (active === undefined) return;
    active.cancelExpiry();
    this.#active.delete(method);
    this.#tell({ kind, method, overlay: active.overlay });
  }

  #tell(event: OverlayEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** Anybody may write into the bucket: what no operator could have set does not hold. */
function readable(value: Uint8Array): PolicyOverlay | undefined {
  try {
    const overlay = fromBinary(PolicyOverlaySchema, value);
    const [problem] = overlayProblems(overlay);
    if (problem === undefined) return overlay;
    logger.warn({ operation: overlay.method }, `an overlay does not hold: ${problem.field} ${problem.message}`);
  } catch {
    logger.warn("an overlay does not hold: it cannot be read");
  }
  return undefined;
}
