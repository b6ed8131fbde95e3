// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Directory } from "@parley/mesh";
import type { HealthBoard } from "@parley/mesh/calls";

/** Says of each service that was ever served whether an instance takes its calls now, and of the gateway that it serves. */
export class ServedHealth implements Disposable {
  readonly #board: HealthBoard;
  readonly #directory: Directory;
  readonly #services = new Set<string>();
  readonly #endListening: () => void;

  constructor(board: HealthBoard, directory: Directory) {
    this.#board = board;
    this.#directory = directory;
    this.#endListening = directory.onChange(() => this.#look());
    for (const name of ["", "liveness", "readiness"]) board.set(name, "SERVING");
  }

  /** Services that are served from now on. */
  add(services: Iterable<string>): void {
    for (const service of services) this.#services.add(service);
    this.#look();
  }

  /** The gateway takes no more calls. */
  [Symbol.dispose](): void {
    this.#endListening();
    for (const name of ["", "readiness", ...this.#services]) this.#board.set(name, "NOT_SERVING");
  }

  #look(): void {
    for (const service of this.#services) {
      const served = this.#directory.instancesOf(service).length > 0;
      this.#board.set(service, served ? "SERVING" : "NOT_SERVING");
    }
  }
}
