// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import type { Priority } from "../header.ts";
import type { BreakerPlan, RetryPlans } from "../plans.ts";
import type { FieldPath } from "./field-path.ts";

export type { BreakerPlan, RetryPlan, RetryPlans } from "../plans.ts";

/** What a hearer may rely on; mirrors parley.mesh.v1.Delivery. */
export type Delivery = "AT_MOST_ONCE" | "AT_LEAST_ONCE" | "EFFECTIVELY_ONCE";

/** Who may reach a method from outside the mesh; mirrors parley.mesh.v1.Exposure. */
export type Exposure = "INTERNAL" | "PUBLIC";

/** How an instance is chosen; mirrors parley.mesh.v1.Balancing. */
export type Balancing = "ROUND_ROBIN" | "WEIGHTED_ROUND_ROBIN" | "LEAST_CONNECTIONS" | "RESPONSE_TIME";

/** What holds only when a method is dispatched as a durable command. */
export interface CommandContract {
  /** Default: AT_LEAST_ONCE. */
  readonly delivery: Delivery;
  /** Commands of one value run one after the other; unset: no order. */
  readonly orderKey: FieldPath | undefined;
  /** From when it is due, not sent. Default: 24 h. */
  readonly expiresAfterMs: number;
}

/** The whole policy of one method, every level already looked up. */
export interface MethodContract {
  readonly desc: DescMethod;
  /** `package.Service/Method`. */
  readonly name: string;
  /** Full proto name of the service. */
  readonly serviceName: string;
  /** The only agent that may serve it. */
  readonly agent: string;
  readonly kind: DescMethod["methodKind"];
  /** One attempt in the handler, at every door. */
  readonly timeoutMs: number;
  /** A call with its retries. Default: `timeoutMs`. */
  readonly totalTimeoutMs: number;
  readonly retries: RetryPlans;
  /** Unset: calls are never held back. */
  readonly breaker: BreakerPlan | undefined;
  /** The message's own priority beats it. Default: MEDIUM. */
  readonly priority: Priority;
  /** What the caller must hold; `*`: any caller. */
  readonly permission: string;
  /** Default: INTERNAL. */
  readonly exposure: Exposure;
  /** Default: ROUND_ROBIN. */
  readonly balancing: Balancing;
  /** `package.Service/Method` tried when this one failed for good and has surely not run. */
  readonly fallback: string | undefined;
  /** A repeat does no harm: by its idempotency_level or its idempotency key. */
  readonly idempotent: boolean;
  /** It only reads. */
  readonly noSideEffects: boolean;
  /** One effect per caller, method and value; unset: per message id. */
  readonly idempotencyKey: FieldPath | undefined;
  /** Handlers at once per instance. Default: 64. */
  readonly maxConcurrency: number;
  /** Unset: it cannot be dispatched. */
  readonly command: CommandContract | undefined;
}

/** The whole policy of one event, every level already looked up. */
export interface EventContract {
  readonly desc: DescMessage;
  /** Full proto name. */
  readonly typeName: string;
  /** Contract name, e.g. `DRIVE_FILE_ADDED`. */
  readonly name: string;
  /** Proto package: the boundary of atomicity, permission and quota. */
  readonly domain: string;
  readonly delivery: Delivery;
  /** Lane. Default: MEDIUM. */
  readonly priority: Priority;
  /** Partition key. */
  readonly key: FieldPath;
  /** Heard one after the other per key. Default: false. */
  readonly ordered: boolean;
  /** One attempt of a hearer. */
  readonly timeoutMs: number;
  readonly retries: RetryPlans;
  /** Of each hearer; unset: it is never held back. */
  readonly breaker: BreakerPlan | undefined;
  /** Kept at least this long. Default: 7 days. */
  readonly retentionMs: number;
  /** What the publisher must hold; unset: nothing. */
  readonly publishPermission: string | undefined;
  /** What the hearing agent must hold; unset: nothing. */
  readonly hearPermission: string | undefined;
  /** Unsigned is refused. Default: false. */
  readonly signed: boolean;
  /** Names that older peers use. */
  readonly aliases: readonly string[];
}
