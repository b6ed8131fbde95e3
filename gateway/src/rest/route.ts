// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { HttpBinding, MethodContract } from "@parley/mesh/contracts";
import type { JsonForm } from "./json-form.ts";

/** One HTTP method on one path template, and the method of the mesh that it calls. */
export interface Route {
  readonly binding: HttpBinding;
  readonly contract: MethodContract;
  /** How the messages of the method are written as JSON. */
  readonly json: JsonForm;
}
