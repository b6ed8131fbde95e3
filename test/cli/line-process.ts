// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

//
// Carries out command lines that its parent sends, one after the other, and tells how each ended. See lines.ts.

import { runCommandLine } from "../../cli/src/command-line.ts";
import type { Line, LineEnded } from "./lines.ts";

// A line sees no variable that leads to another mesh or broker.
const { PARLEY_NATS_URL: _, PARLEY_STATE: __, PARLEY_URL: ___, PARLEY_PORT: ____, ...inherited } = process.env;
const home = process.cwd();
let last: Promise<void> = Promise.resolve();

process.on("message", (line: Line) => {
  last = last.then(async () => void process.send?.(await carriedOut(line)));
});
process.on("disconnect", () => process.exit());

async function carriedOut({ id, args, env = {}, cwd = home }: Line): Promise<LineEnded> {
  process.env = { ...inherited, ...env };
  process.chdir(cwd);
  process.exitCode = undefined;
  const signals = process.listeners("SIGINT");
  const [output, errors] = [recorded(process.stdout), recorded(process.stderr)];
  await runCommandLine(args);
  const ended = { id, code: Number(process.exitCode ?? 0), output: output(), errors: errors() };
  for (const listener of process.listeners("SIGINT")) {
    if (!signals.includes(listener)) process.off("SIGINT", listener);
  }
  process.exitCode = undefined;
  return ended;
}

/** Takes what is written to a stream, until the function that it gives is called: that one gives what it was. */
function recorded(stream: NodeJS.WriteStream): () => string {
  const { write } = stream;
  let text = "";
  stream.write = (chunk: string | Uint8Array) => {
    text += typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
    return true;
  };
  return () => {
    stream.write = write;
    return text;
  };
}
