// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type AgentProfile, InstanceStatus } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { Directory } from "./directory.ts";

/** An instance's own entry in the directory, kept alive by a heartbeat until it leaves. */
export class Registration {
  readonly profile: AgentProfile;
  readonly #directory: Directory;
  readonly #timer: NodeJS.Timeout;
  readonly #endReconnect: () => void;

  private constructor(directory: Directory, profile: AgentProfile) {
    this.#directory = directory;
    this.profile = profile;
    // A write that fails is made up for by the next one; the TTL allows for two that are missing.
    const beat = () => void directory.write(profile).catch(() => {});
    this.#timer = setInterval(beat, directory.heartbeatMs);
    this.#timer.unref();
    // The broker may have been away for longer than the TTL.
    this.#endReconnect = directory.onReconnect(beat);
  }

  /** Enters the profile with the status it has. */
  static async begin(directory: Directory, profile: AgentProfile): Promise<Registration> {
    await directory.write(profile);
    return new Registration(directory, profile);
  }

  /** Takes calls from now on. */
  async ready(): Promise<void> {
    await this.#become(InstanceStatus.READY);
  }

  /** Gets no new calls from now on, as soon as callers have heard of it. */
  async draining(): Promise<void> {
    await this.#become(InstanceStatus.DRAINING);
  }

  /** Ends the heartbeat and takes the entry out. While the broker is away, the TTL takes it out. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    this.#endReconnect();
    await this.#directory.remove(this.profile).catch(() => {});
  }

  async #become(status: InstanceStatus): Promise<void> {
    this.profile.status = status;
    await this.#directory.write(this.profile);
  }
}
