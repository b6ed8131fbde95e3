// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { join } from "node:path";
import { runCommand } from "./run-command.ts";
import { serverRelease } from "./server-version.ts";

/**
 * Builds nats-server from its Go module into `folder` and returns the binary. Takes minutes; the Go tool checks the module
 * against its checksum database.
 *
 * @throws Error when there is no Go tool, or it cannot build.
 */
export async function fetchWithGo(folder: string): Promise<string> {
  const module = `github.com/nats-io/nats-server/v2@v${serverRelease}`;
  const environment = { ...process.env, GOBIN: folder, CGO_ENABLED: "0" };
  await runCommand("go", ["install", "-trimpath", module], {
    timeoutMs: 600_000,
    folder,
    environment,
  });
  return join(folder, "nats-server");
}
