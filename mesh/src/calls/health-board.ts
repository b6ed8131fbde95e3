// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Whether something can do its work now. */
export type HealthStatus = "SERVING" | "NOT_SERVING";

/**
 * What a host says about its health, by name: each served service, and by custom "" for the host as a whole, "liveness"
 * and "readiness". A name that was never set is unknown; a name cannot be taken back, only be set to NOT_SERVING.
 */
export class HealthBoard {
  readonly #statuses = new Map<string, HealthStatus>();
  readonly #watchers = new Set<() => void>();

  /** Sets one status; whoever watches is told before this returns. */
  set(service: string, status: HealthStatus): void {
    if (this.#statuses.get(service) === status) return;
    this.#statuses.set(service, status);
    for (const changed of this.#watchers) changed();
  }

  /** The status of one name; undefined when it is unknown. */
  get(service: string): HealthStatus | undefined {
    return this.#statuses.get(service);
  }

  /** All known names with their statuses. */
  entries(): Iterable<readonly [string, HealthStatus]> {
    return this.#statuses.entries();
  }

  /** Calls back after every change of any status. Returns a function that ends it. */
  onChange(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }
}
