// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { openBroker } from "../mesh/src/broker/open-broker.ts";
import { makeRunFolder } from "./tools/run-folder.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Address of the broker that all tests of a run share; each works in a namespace of its own. */
    natsUrl: string;
  }
}

/** Starts one broker for the whole run, or takes the one that `PARLEY_NATS_URL` names. */
export default async function setUpBroker(project: TestProject): Promise<() => Promise<void>> {
  const folder = await makeRunFolder();
  // Workers, and the processes that tests start, inherit all of this.
  process.env["TMPDIR"] = folder.path;
  process.env["NODE_COMPILE_CACHE"] ??= join(folder.path, "compiled");
  // Only a number: the limits of the streams of all the tests' namespaces are counted against it, used or not.
  const broker = await openBroker({ storeDir: join(folder.path, "broker"), maxFileStoreBytes: 2 ** 50 });
  project.provide("natsUrl", broker.url);
  // This is where testMesh looks.
  process.env["PARLEY_NATS_URL"] = broker.url;
  return async () => {
    await broker.stop();
    await folder.remove();
  };
}
