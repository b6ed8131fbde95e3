// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { nearNames } from "./near-names.ts";
export { type Operator, operatorAgent } from "./operator-agent.ts";
