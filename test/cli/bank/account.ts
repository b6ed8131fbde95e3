// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { accountAgent as default } from "../../agents/account-agent.ts";
