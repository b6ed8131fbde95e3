// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Answers } from "./answers.ts";
import { RouteTable } from "./rest/route-table.ts";

/** All that a gateway answers at one moment. */
export interface Served {
  /** Over Connect, gRPC and gRPC-Web. */
  readonly answers: Answers;
  readonly rest: RouteTable;
}

/** Before anything is offered. */
export const servedNothing: Served = { answers: new Map(), rest: new RouteTable([]) };
