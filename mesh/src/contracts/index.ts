// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { nearNames } from "../near-names.ts";
export { Contracts, type ContractsInit } from "./contracts.ts";
export type { FieldPath } from "./field-path.ts";
export { type BodyMapping, type BoundVariable, type HttpBinding, httpBindings } from "./http/http-binding.ts";
export { isTextMessage } from "./http/http-field.ts";
export {
  type PathTemplate,
  type PathVariable,
  parsePathTemplate,
  type Segment,
  shapeOf,
} from "./http/path-template.ts";
export { type Finding, findingText } from "./lint/finding.ts";
export { type LintOptions, lintContracts } from "./lint/lint-contracts.ts";
export { lintFolder } from "./lint/lint-folder.ts";
export { overlaidContract } from "./overlaid-contract.ts";
export type {
  Balancing,
  BreakerPlan,
  CommandContract,
  Delivery,
  EventContract,
  Exposure,
  MethodContract,
  RetryPlan,
  RetryPlans,
} from "./policy.ts";
export { violationsOf } from "./validator.ts";
