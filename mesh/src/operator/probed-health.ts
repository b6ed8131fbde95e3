// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  Escalation,
  FailureReason,
  type HealthReport,
  HealthReportSchema,
  HealthStatus,
  InstanceStatus,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { Probed } from "../calls/endpoint-probe.ts";
import type { Directory } from "../directory/directory.ts";
import type { Registration } from "../directory/registration.ts";

/** Probes without an answer, in a row, after which an instance gets no new calls. */
const patience = 3;

/** The health of a peer as its registrar finds it, entered into the directory. */
export class ProbedHealth {
  readonly #directory: Directory;
  readonly #registration: Registration;
  #failures = 0;
  #answeredAt = Date.now();
  #report: HealthReport;

  /** The peer has just been probed and serves. */
  constructor(directory: Directory, registration: Registration) {
    this.#directory = directory;
    this.#registration = registration;
    this.#report = this.#made(FailureReason.UNSPECIFIED, Escalation.NONE);
  }

  /** As the last probe found. */
  get report(): HealthReport {
    return this.#report;
  }

  /** Enters what a probe found: a peer that stays silent, or says that it does not serve, gets no calls until it does. */
  async learn(found: Probed): Promise<void> {
    const serving = found.kind === "serving";
    this.#failures = serving ? 0 : this.#failures + 1;
    if (serving) this.#answeredAt = Date.now();
    const out = !serving && (found.kind !== "silent" || this.#failures >= patience);
    const before = this.#registration.profile.status;
    const status = out ? InstanceStatus.UNHEALTHY : serving ? InstanceStatus.READY : before;
    this.#report = this.#made(reasonOf(found), out && this.#isAlone() ? Escalation.REQUIRED : Escalation.NONE);
    await this.#registration.found(this.#report, status);
  }

  #isAlone(): boolean {
    const { name, id } = this.#registration.profile;
    return !this.#directory.find({ name }).some((other) => other.id !== id);
  }

  #made(failureReason: FailureReason, escalation: Escalation): HealthReport {
    return create(HealthReportSchema, {
      status: this.#failures === 0 ? HealthStatus.HEALTHY : HealthStatus.UNHEALTHY,
      lastHeartbeat: timestampFromMs(this.#answeredAt),
      failureReason,
      retryAttempts: this.#failures,
      escalation,
    });
  }
}

function reasonOf(found: Probed): FailureReason {
  switch (found.kind) {
    case "serving":
      return FailureReason.UNSPECIFIED;
    case "silent":
      return found.reason === "TIMEOUT" ? FailureReason.CONNECTION_TIMEOUT : FailureReason.CONNECTION_REFUSED;
    case "not-serving":
    case "unproven":
      return FailureReason.NOT_SERVING;
  }
}
