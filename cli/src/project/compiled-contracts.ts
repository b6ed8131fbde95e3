// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { UsageError } from "../usage-error.ts";
import type { Project } from "./project.ts";

/**
 * A project's contracts with their comments, as `npm run generate` has compiled them; none where it does not.
 *
 * @throws UsageError when the file is something else, such as half of one
 */
export function compiledContracts({ folder }: Pick<Project, "folder">): readonly Uint8Array[] {
  const path = join(folder, "gen/contracts.binpb");
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  try {
    fromBinary(FileDescriptorSetSchema, bytes);
  } catch {
    throw new UsageError(`"${path}" holds no compiled contracts`, "Have it written anew: npm run generate");
  }
  return [bytes];
}
