// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { type Exposed, type Gateway, type GatewayOptions, openGateway } from "./gateway.ts";
