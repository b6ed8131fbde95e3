// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type AgentInstance,
  type AgentProfile,
  type HealthReport,
  InstanceStatus,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { Directory } from "./directory.ts";
import { instanceOf } from "./instance-record.ts";

/** What else a registration tells. */
export interface RegistrationInit {
  /** What the instance does, asked for at each sign of life. */
  readonly state?: (() => AgentInstance["state"]) | undefined;
  /** Told when it takes calls for the first time, or again after it had been given up. */
  readonly onJoined?: ((profile: AgentProfile) => void) | undefined;
  /** Told of each change of status after it is written; not of the first. */
  readonly onStatus?:
    | ((profile: AgentProfile, from: InstanceStatus, health: HealthReport | undefined) => void)
    | undefined;
  /** Told when it has taken its leave. */
  readonly onLeft?: ((profile: AgentProfile) => void) | undefined;
}

/** An instance's own entry in the directory, kept alive by a heartbeat until it leaves. */
export class Registration {
  readonly profile: AgentProfile;
  readonly #directory: Directory;
  readonly #init: RegistrationInit;
  readonly #timer: NodeJS.Timeout;
  readonly #endReconnect: () => void;
  #health: HealthReport | undefined;
  /** Real milliseconds at which the last sign of life was given. */
  #toldAt = 0;
  /** Real milliseconds at which the last one was begun: who stands still amid one is told that it was given when they wake up. */
  #beatAt = performance.now();
  #ended = false;
  #writing: Promise<void> = Promise.resolve();

  private constructor(directory: Directory, profile: AgentProfile, init: RegistrationInit) {
    this.#directory = directory;
    this.#init = init;
    this.profile = profile;
    // A write that fails is made up for by the next one; the TTL allows for two that are missing.
    const beat = () => void this.beat().catch(() => {});
    this.#timer = setInterval(beat, directory.heartbeatMs);
    this.#timer.unref();
    // The broker may have been away for longer than the TTL.
    this.#endReconnect = directory.onReconnect(beat);
  }

  /** Enters the profile with the status it has. */
  static async begin(directory: Directory, profile: AgentProfile, init: RegistrationInit = {}): Promise<Registration> {
    const registration = new Registration(directory, profile, init);
    profile.registeredAt = timestampFromMs(Date.now());
    try {
      await registration.#write();
    } catch (error) {
      registration.#stop();
      throw error;
    }
    return registration;
  }

  /** Takes calls from now on. */
  async ready(): Promise<void> {
    await this.#become(InstanceStatus.READY);
    this.#init.onJoined?.(this.profile);
  }

  /** Gets no new calls from now on, as soon as callers have heard of it. */
  async draining(): Promise<void> {
    await this.#become(InstanceStatus.DRAINING);
  }

  /** Enters what a probe found: who is not healthy gets no new calls. */
  async found(health: HealthReport, status: InstanceStatus): Promise<void> {
    this.#health = health;
    if (this.profile.status !== status) await this.#become(status);
  }

  /** Gives a sign of life. After a silence longer than the TTL it was given up meanwhile, and comes anew. */
  async beat(): Promise<void> {
    const now = performance.now();
    const late = now - Math.min(this.#toldAt, this.#beatAt) > this.#directory.ttlMs;
    this.#beatAt = now;
    if (late) this.profile.registeredAt = timestampFromMs(Date.now());
    await this.#write();
    if (late && this.profile.status === InstanceStatus.READY) this.#init.onJoined?.(this.profile);
  }

  /** Ends the heartbeat and takes the entry out. While the broker is away, the TTL takes it out. */
  async leave(): Promise<void> {
    this.#stop();
    // A sign of life that is under way must not come after the farewell.
    await this.#writing.catch(() => {});
    await this.#directory.remove(this.profile).then(
      () => this.#init.onLeft?.(this.profile),
      () => {},
    );
  }

  /** Ends the heartbeat and leaves the entry to its TTL: somebody else is about to keep it up. */
  abandon(): void {
    this.#stop();
  }

  #stop(): void {
    this.#ended = true;
    clearInterval(this.#timer);
    this.#endReconnect();
  }

  async #become(status: InstanceStatus): Promise<void> {
    const from = this.profile.status;
    this.profile.status = status;
    await this.#write();
    if (from !== status && from !== InstanceStatus.STARTING) this.#init.onStatus?.(this.profile, from, this.#health);
  }

  async #write(): Promise<void> {
    if (this.#ended) return;
    const { state } = this.#init;
    this.#writing = this.#directory.write(instanceOf(this.profile, { state: state?.(), health: this.#health }));
    await this.#writing;
    this.#toldAt = performance.now();
  }
}
