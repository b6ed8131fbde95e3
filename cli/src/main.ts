// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { runCommandLine } from "./command-line.ts";

/** Milliseconds for what is still open when a command is done. */
const lingerMs = 1_000;

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

await runCommandLine(process.argv.slice(2));
// The command is done: a timer or socket that an agent left open must not keep the terminal.
setTimeout(() => process.exit(), lingerMs).unref();
