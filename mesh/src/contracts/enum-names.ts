// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ErrorClass as ErrorClassNumber } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import {
  Balancing as BalancingNumber,
  Delivery as DeliveryNumber,
  Exposure as ExposureNumber,
  Priority as PriorityNumber,
} from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import type { ErrorClass } from "../error-codes.ts";
import type { Priority } from "../header.ts";
import type { Balancing, Delivery, Exposure } from "./policy.ts";

type Names<Name extends string> = Readonly<Record<number, Name>>;

/** Words of parley.mesh.v1.Priority by number; UNSPECIFIED has none. */
export const priorityNames: Names<Priority> = {
  [PriorityNumber.LOW]: "LOW",
  [PriorityNumber.MEDIUM]: "MEDIUM",
  [PriorityNumber.HIGH]: "HIGH",
  [PriorityNumber.CRITICAL]: "CRITICAL",
};

/** Words of parley.mesh.v1.Delivery by number; UNSPECIFIED has none. */
export const deliveryNames: Names<Delivery> = {
  [DeliveryNumber.AT_MOST_ONCE]: "AT_MOST_ONCE",
  [DeliveryNumber.AT_LEAST_ONCE]: "AT_LEAST_ONCE",
  [DeliveryNumber.EFFECTIVELY_ONCE]: "EFFECTIVELY_ONCE",
};

/** Words of parley.mesh.v1.Exposure by number; UNSPECIFIED has none. */
export const exposureNames: Names<Exposure> = {
  [ExposureNumber.INTERNAL]: "INTERNAL",
  [ExposureNumber.PUBLIC]: "PUBLIC",
};

/** Words of parley.mesh.v1.Balancing by number; UNSPECIFIED has none. */
export const balancingNames: Names<Balancing> = {
  [BalancingNumber.ROUND_ROBIN]: "ROUND_ROBIN",
  [BalancingNumber.WEIGHTED_ROUND_ROBIN]: "WEIGHTED_ROUND_ROBIN",
  [BalancingNumber.LEAST_CONNECTIONS]: "LEAST_CONNECTIONS",
  [BalancingNumber.RESPONSE_TIME]: "RESPONSE_TIME",
};

/** Words of the classes that may be retried, by number of parley.mesh.v1.ErrorClass. */
export const retryableClassNames: Names<ErrorClass> = {
  [ErrorClassNumber.TRANSIENT]: "TRANSIENT",
  [ErrorClassNumber.RATE_LIMIT]: "RATE_LIMIT",
  [ErrorClassNumber.UNAVAILABLE]: "UNAVAILABLE",
  [ErrorClassNumber.TIMEOUT]: "TIMEOUT",
  [ErrorClassNumber.CONFLICT]: "CONFLICT",
  [ErrorClassNumber.INTERNAL]: "INTERNAL",
};
