// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescField, getOption, hasOption } from "@bufbuild/protobuf";
import { field as fieldOption } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import type { Contracts } from "./contracts.ts";

/** Full names of the fields that their contract calls sealed, sorted. */
export function sealedFields({ registry }: Pick<Contracts, "registry">): readonly string[] {
  return [...registry]
    .flatMap((type) => (type.kind === "message" ? type.fields : []))
    .filter(isSealed)
    .map(({ parent, name }) => `${parent.typeName}.${name}`)
    .sort();
}

function isSealed(field: DescField): boolean {
  return hasOption(field, fieldOption) && getOption(field, fieldOption).sealed === true;
}
