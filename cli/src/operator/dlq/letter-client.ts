// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { type DeadLetterFilterSchema, DeadLetterService } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { ErrorClass } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import type { LetterFilterChoice } from "../../commands/letter-filter-options.ts";
import type { MeshChoice } from "../../state/find-mesh.ts";
import { meshClient } from "../mesh-client.ts";

/** The letters of the mesh that is meant. */
export function letterClient(choice: MeshChoice): Client<typeof DeadLetterService> {
  return meshClient(DeadLetterService, choice);
}

/** The filter that was typed. */
export function filterOf(
  choice: LetterFilterChoice,
  ids: readonly string[] = [],
): MessageInitShape<typeof DeadLetterFilterSchema> {
  const { agent = "", hearer = "", type = "", key = "", code = "", since, until } = choice;
  return {
    ...{ ids: [...ids], agent, hearer, type, key, code },
    ...(isClass(choice.class) ? { errorClass: ErrorClass[choice.class] } : {}),
    ...(since === undefined ? {} : { diedFrom: timestampFromMs(since) }),
    ...(until === undefined ? {} : { diedBefore: timestampFromMs(until) }),
  };
}

function isClass(name: string | undefined): name is keyof typeof ErrorClass {
  return name !== undefined && name in ErrorClass;
}
