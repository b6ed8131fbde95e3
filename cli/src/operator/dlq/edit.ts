// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { userName } from "../../commands/author-option.ts";
import { jsonText, jsonValue } from "../../commands/json-argument.ts";
import type { OutputFormat } from "../../commands/output-option.ts";
import type { MeshChoice } from "../../state/find-mesh.ts";
import { edited } from "../../terminal/editor.ts";
import { show } from "../../terminal/show.ts";
import { UsageError } from "../../usage-error.ts";
import { letterClient } from "./letter-client.ts";

/** How a letter is corrected. */
export interface EditChoice extends MeshChoice {
  readonly json?: string | undefined;
  readonly dryRun: boolean;
  readonly output: OutputFormat;
}

/** Has a corrected letter handled, and prints the id that it has now. */
export async function editLetter(id: string, { json, dryRun, output, ...choice }: EditChoice): Promise<void> {
  const client = letterClient(choice);
  const send = async (text: string) => {
    jsonValue(text);
    return client.redriveDeadLetter({ id, json: text, dryRun, author: userName() });
  };
  const sent = json === undefined ? await inEditor(await contentOf(), send) : await send(jsonText(json));
  show(output, {
    json: () =>
      sent === undefined ? { changed: false } : { messageId: sent.messageId, subject: sent.subject, dryRun },
    table: () => [
      sent === undefined
        ? "Nothing was changed, so nothing was sent."
        : `${dryRun ? "would be sent" : "sent"} as ${sent.messageId}`,
    ],
  });

  async function contentOf(): Promise<string> {
    const shown = await client.getDeadLetter({ id });
    // Somebody who corrects what cannot be read, or not be shown, begins with nothing, and must know it.
    if (shown.json === "") process.stderr.write(`You begin with nothing: ${shown.problem}\n`);
    return shown.json === "" ? "{}" : JSON.stringify(JSON.parse(shown.json), undefined, 2);
  }
}

async function inEditor<Sent>(before: string, send: (text: string) => Promise<Sent>): Promise<Sent | undefined> {
  if (!process.stdin.isTTY) throw new UsageError("there is no terminal for an editor; give the content with --json");
  using file = edited(before, "letter.json");
  if (file.text.trim() === before.trim()) return undefined;
  try {
    return await send(file.text);
  } catch (error) {
    // What was typed must not be lost because of a comma.
    process.stderr.write(`What you wrote is kept in ${file.keep()}; --json @file takes it.\n`);
    throw error;
  }
}
