// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ConnectRouterOptions } from "@connectrpc/connect";

/** Settings of the services that every host adds for the tools of others: health and reflection. */
export interface StandardServiceOptions {
  /** Ends their open streams when it aborts. Without it a watching client keeps a port's drain waiting to its end. */
  readonly shutdownSignal?: AbortSignal | undefined;
}

/** The same as options of `router.service`. */
export function standardOptions({ shutdownSignal }: StandardServiceOptions): Partial<ConnectRouterOptions> {
  return shutdownSignal === undefined ? {} : { shutdownSignal };
}
