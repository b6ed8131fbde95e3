// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MeshError } from "../mesh-error.ts";
import { type Admission, Guard } from "../resilience/guard.ts";
import type { Valve } from "./valve.ts";

/** Leave for one try of a message. */
export interface Turn {
  /** It is over; `error` unset: it succeeded. */
  end(error: MeshError | undefined): void;
}

/** The breakers of one hearer: while one is open its valve is shut, and what it has in hand waits and costs no attempt. */
export class HearingGuards {
  #own: Guard | undefined;
  #endOwn: () => void = () => {};
  readonly #valve: Valve;
  readonly #outside = new Set<Guard>();

  /**
   * @param own the breaker of the contract: is told of each try
   * @param outside breakers of outside systems that the handler asks for a place itself
   */
  constructor(valve: Valve, own: Guard | undefined, outside: readonly Guard[] = []) {
    this.#valve = valve;
    this.replace(own);
    for (const guard of outside) this.add(guard);
  }

  /** Another breaker of the contract from now on, as its plan has changed; what waits for the old one asks the new one. */
  replace(own: Guard | undefined): void {
    const old = this.#own;
    this.#endOwn();
    if (old !== undefined) this.#valve.open(reasonOf(old));
    this.#own = own;
    this.#endOwn = own === undefined ? () => {} : this.#follow(own);
    old?.retire();
  }

  /** One more outside system that stands in the way. */
  add(guard: Guard): void {
    if (this.#outside.has(guard)) return;
    this.#outside.add(guard);
    this.#follow(guard);
  }

  /** A turn, at once or not at all: then the breaker that stands in the way. */
  take(): Turn | Guard {
    const ends: (() => void)[] = [];
    const giveBack = () => {
      for (const end of ends) end();
    };
    for (const guard of this.#outside) {
      const end = guard.begin();
      if (end === undefined) {
        giveBack();
        return guard;
      }
      ends.push(end);
    }
    const admission = this.#own?.admit();
    if (this.#own !== undefined && admission === undefined) {
      giveBack();
      return this.#own;
    }
    return {
      end(error) {
        tell(admission, error);
        giveBack();
      },
    };
  }

  #follow(guard: Guard): () => void {
    const reason = reasonOf(guard);
    return guard.follow((isOpen) => (isOpen ? this.#valve.shut(reason) : this.#valve.open(reason)));
  }
}

/** The breaker in this process that refused what a handler wanted to do; undefined when it failed of something else. */
export function refusedBy(error: MeshError): Guard | undefined {
  return error.code === "BREAKER_OPEN" && error.cause instanceof Guard ? error.cause : undefined;
}

function reasonOf({ name }: Guard): string {
  return `breaker of ${name} is open`;
}

function tell(admission: Admission | undefined, error: MeshError | undefined): void {
  if (error === undefined) admission?.succeeded();
  else if (refusedBy(error) === undefined) admission?.failed(error);
  else admission?.released();
}
