// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescFile, getOption, hasOption } from "@bufbuild/protobuf";
import { file_parley_mesh_v1_defaults } from "@parley/contracts/parley/mesh/v1/defaults_pb.js";
import { type MeshPolicy, mesh as meshOption } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import { MeshError } from "../mesh-error.ts";

/** The name of the file that holds the defaults of every mesh that has no own. */
const defaultsName = file_parley_mesh_v1_defaults.proto.name;

/**
 * The files whose mesh policy counts among `files`: those of the user's contracts that set it, else the mesh's own — as it
 * is among the files, so contracts from elsewhere keep the defaults they were built with, or else as this package has it.
 * Never none; more than one is a mistake in the contracts.
 */
export function defaultsFiles(files: Iterable<DescFile>): readonly DescFile[] {
  const all = [...files];
  const own = all.filter((file) => file.proto.name !== defaultsName && hasOption(file, meshOption));
  if (own.length > 0) return own;
  return [all.find((file) => file.proto.name === defaultsName) ?? file_parley_mesh_v1_defaults];
}

/**
 * The one file of {@link defaultsFiles}.
 *
 * @throws MeshError CONTRACT_INCOMPLETE when two of the user's set it.
 */
export function defaultsFile(files: Iterable<DescFile>): DescFile {
  const [file, ...others] = defaultsFiles(files);
  if (file === undefined || others.length > 0) {
    const names = [file, ...others].map((one) => `"${one?.proto.name}"`).join(" and ");
    throw new MeshError({
      code: "CONTRACT_INCOMPLETE",
      message: `option (parley.mesh.v1.mesh) is set by ${names}; keep it in one file`,
    });
  }
  return file;
}

/** The mesh policy that a file sets. */
export function meshPolicyOf(file: DescFile): MeshPolicy | undefined {
  return hasOption(file, meshOption) ? getOption(file, meshOption) : undefined;
}
