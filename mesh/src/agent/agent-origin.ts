// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { MeshError } from "../mesh-error.ts";

/** Under which an agent says which version of this package defined it. Known to every copy of the package in a process. */
export const definedBy: unique symbol = Symbol.for("@parley/mesh defined by");

/** Version of this package. */
export const meshVersion: string = versionIn(new URL("../../package.json", import.meta.url));

/**
 * Refuses an agent that another version of this package defined: it may lack what this one reads of it, or say what this one
 * does not know. Another copy of the same version fits, also one that differs in its last number.
 *
 * @throws MeshError REFUSED with both versions and what to do
 */
export function assertFits(agent: { readonly name: string; readonly [definedBy]?: unknown }): void {
  const version = agent[definedBy];
  if (typeof version === "string" && release(version) === release(meshVersion)) return;
  const other =
    typeof version === "string" ? `@parley/mesh ${version}` : "no version of @parley/mesh that is known here";
  throw new MeshError({
    code: "REFUSED",
    message:
      `agent "${agent.name}" was defined by ${other}, and its host is of @parley/mesh ${meshVersion}; use one version for ` +
      "both, which `npm ls @parley/mesh` in the agent's project shows",
  });
}

/** What two versions that fit have in common: before 1.0 the second number tells of changes that break. */
function release(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

function versionIn(manifest: URL): string {
  const content: unknown = JSON.parse(readFileSync(manifest, "utf8"));
  return typeof content === "object" && content !== null && "version" in content ? String(content.version) : "";
}
