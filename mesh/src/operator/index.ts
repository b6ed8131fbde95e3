// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { type Operator, operatorAgent } from "./operator-agent.ts";
