// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { program } from "./program.ts";

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  await program().parseAsync();
} catch (error) {
  const { showFailure } = await import("./terminal/failure.ts");
  showFailure(error);
  process.exitCode = 1;
}
