// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { auditAgent as default } from "../../agents/account-agent.ts";
