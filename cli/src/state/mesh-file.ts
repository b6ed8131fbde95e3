// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "./running-process.ts";

/** Where a running mesh answers. */
export interface MeshAddresses {
  /** Public door, for everybody. */
  readonly url: string;
  /** Operator's door, which reaches everything. */
  readonly operatorUrl: string;
  readonly natsUrl: string;
}

/** What stands in a state folder about the mesh that uses it. Without addresses it is still starting. */
export interface MeshRecord extends ProcessIdentity {
  readonly addresses: MeshAddresses | undefined;
}

/** The file in a state folder that tells other commands of the mesh: flat JSON, so that scripts can read it too. */
export function meshFile(folder: string): string {
  return join(folder, "mesh.json");
}

/** What the file says; undefined when there is none or it makes no sense. */
export function readMeshRecord(folder: string): MeshRecord | undefined {
  try {
    return decode(JSON.parse(readFileSync(meshFile(folder), "utf8")));
  } catch {
    return undefined;
  }
}

/** The file's content. */
export function encodeMeshRecord({ pid, began, addresses }: MeshRecord): string {
  return `${JSON.stringify({ pid, began, ...addresses }, undefined, 2)}\n`;
}

function decode(content: Readonly<Record<string, unknown>>): MeshRecord | undefined {
  const { pid, began, url, operatorUrl, natsUrl } = content;
  if (typeof pid !== "number") return undefined;
  const running = typeof url === "string" && typeof operatorUrl === "string" && typeof natsUrl === "string";
  return {
    pid,
    began: typeof began === "string" ? began : undefined,
    addresses: running ? { url, operatorUrl, natsUrl } : undefined,
  };
}
