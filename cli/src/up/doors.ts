// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Gateway, openGateway } from "@parley/gateway";
import { type Host, MeshError } from "@parley/mesh";
import { UsageError } from "../usage-error.ts";

/** Where a mesh is reached from outside. Disposing of it takes no more calls and ends those in progress. */
export interface Doors extends AsyncDisposable {
  /** Public address, for everybody. */
  readonly url: string;
  /** Operator's address, which reaches everything; loopback, on a free port. */
  readonly operatorUrl: string;
}

/** Where the public door is opened. */
export interface PublicDoor {
  /** 0: a free one. */
  readonly port: number;
  /** Default: loopback. */
  readonly address?: string | undefined;
  /** Compiled contracts whose comments explain its paths. */
  readonly comments?: readonly Uint8Array[] | undefined;
}

/**
 * Opens the public and the operator's door.
 *
 * @throws UsageError when the public one cannot be opened
 */
export async function openDoors(host: Host, door: PublicDoor): Promise<Doors> {
  await using opening = new AsyncDisposableStack();
  const operator = opening.use(await openGateway({ host, port: 0, exposure: "ALL" }));
  const gateway = opening.use(await publicDoor(host, door));
  const open = opening.move();
  return {
    url: gateway.url.replace("//127.0.0.1:", "//localhost:"),
    operatorUrl: operator.url,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function publicDoor(host: Host, { port, address, comments }: PublicDoor): Promise<Gateway> {
  try {
    return await openGateway({ host, port, address, comments, exposure: "PUBLIC" });
  } catch (error) {
    if (!(error instanceof MeshError) || error.code !== "PORT_UNAVAILABLE") throw error;
    throw new UsageError(
      `the public door cannot be opened: ${error.message}`,
      "Choose another with --port or PARLEY_PORT, and the address with --address.",
    );
  }
}
