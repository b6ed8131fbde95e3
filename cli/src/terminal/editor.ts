// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../usage-error.ts";

/** A text that somebody has edited; its file goes away unless it is kept. */
export interface Edited extends Disposable {
  readonly text: string;
  /** Leaves the file there. @returns its path */
  keep(): string;
}

/**
 * Opens a text in the editor of whoever sits at the terminal ($VISUAL, $EDITOR, else vi), and resolves when that ends. Nobody else
 * on the machine may read the file.
 *
 * @param name of the file, by which an editor knows its syntax
 * @throws UsageError when the editor cannot be started, or ends with an error
 */
export function edited(text: string, name: string): Edited {
  const folder = mkdtempSync(join(tmpdir(), "parley-"));
  const file = join(folder, name);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
  const editor = process.env["VISUAL"] || process.env["EDITOR"] || "vi";
  // It may hold options, as "code --wait" does, so the shell takes it apart; the file is no part of what it reads.
  const { status, error } = spawnSync("/bin/sh", ["-c", `${editor} "$1"`, "editor", file], { stdio: "inherit" });
  if (error !== undefined || status !== 0) {
    remove();
    throw new UsageError(`"${editor}" ended with ${error?.message ?? `exit code ${status}`}; nothing was sent`);
  }
  let isKept = false;
  return {
    text: readFileSync(file, "utf8"),
    keep() {
      isKept = true;
      return file;
    },
    [Symbol.dispose]() {
      if (!isKept) remove();
    },
  };
}
