// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethod } from "@bufbuild/protobuf";
import type { Incoming, Operation } from "../pipeline/incoming.ts";
import type { Next } from "../pipeline/step.ts";

/** A method that an agent of this process serves, with its whole server pipeline. */
export interface ServedMethod {
  readonly desc: DescMethod;
  readonly operation: Operation;
  readonly handle: Next<Incoming>;
}

/** All of them, by `package.Service/Method`. Every door of a host reads this one map. */
export type ServedMethods = ReadonlyMap<string, ServedMethod>;
