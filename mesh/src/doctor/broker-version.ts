// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { isAtLeast, serverFloor } from "../broker/server-version.ts";
import type { Check } from "./patient.ts";

/** From here on the broker says how far it has sourced, and one fsync serves a whole append of a cluster. */
const recommended = "2.15.0";

/** Whether the broker is new enough. One below the floor is not even connected to. */
export const brokerVersion: Check = async ({ broker }) => {
  const { version = "0.0.0", server_name: where = broker.url } = broker.connection.info ?? {};
  if (isAtLeast(version, recommended)) return [];
  const isTooOld = !isAtLeast(version, serverFloor);
  return [
    {
      severity: isTooOld ? "error" : "notice",
      code: "broker-old",
      where,
      what: `nats-server is ${version}; ${isTooOld ? `the mesh needs ${serverFloor}` : `${recommended} is recommended`}.`,
      next: "Install a newer nats-server and restart it with the same store folder.",
    },
  ];
};
