// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Observation } from "@parley/mesh";

// What `parley up` and the processes of its agents tell each other.

/** What a process is started with, as JSON in its first argument. */
export interface AgentProcessInit {
  readonly module: string;
  readonly broker: string;
  /** Whether to tell what is said and heard. */
  readonly observe: boolean;
}

/** From an agent's process. */
export type FromAgent =
  | { readonly kind: "ready"; readonly agent: string; readonly services: readonly string[] }
  | { readonly kind: "failed"; readonly message: string; readonly hints: readonly string[] }
  | { readonly kind: "observed"; readonly observation: Observation }
  /** All that was observed before `tell` has been told. */
  | { readonly kind: "told" };

/** To an agent's process. */
export type ToAgent =
  | { readonly kind: "tell" }
  /** No more observations, please. */
  | { readonly kind: "unobserve" }
  | { readonly kind: "drain" };
