// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { handoffAgent } from "./handoff-agent.ts";
export { type OfferedTask, onHandoff } from "./on-handoff.ts";
