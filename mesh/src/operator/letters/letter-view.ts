// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GetDeadLetterResponseSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import type { Host } from "../../agent/host-options.ts";
import { callLimits } from "../../calls/limits.ts";
import { MeshError } from "../../mesh-error.ts";
import type { MeshContracts } from "../mesh-contracts.ts";
import type { Letter } from "./letter.ts";
import { heardAs, LetterContents } from "./letter-content.ts";
import { mayBeSensitive } from "./redaction.ts";

/** Characters of JSON that fit into an answer beside the letter itself. */
const maxJson = callLimits.writeMaxBytes / 4;

/**
 * A letter as an operator may see it. What its contract calls SENSITIVE is left out; so are the bytes of what cannot be read,
 * where the type that its hearer is there for could hold such.
 */
export async function letterView(
  { content, key }: Letter,
  host: Host,
  contracts: MeshContracts,
): Promise<MessageInitShape<typeof GetDeadLetterResponseSchema>> {
  const withoutPayload = { ...content, payload: new Uint8Array() };
  try {
    const { json } = await new LetterContents(host, contracts).read(content);
    const text = JSON.stringify(json);
    if (text.length <= maxJson) return { deadLetter: withoutPayload, json: text, problem: "", key };
    const problem = `the message is ${text.length} characters in JSON, too long to be shown`;
    return { deadLetter: withoutPayload, problem, key };
  } catch (thrown) {
    const { message } = MeshError.from(thrown);
    const input = heardAs(content, await contracts.all())?.input;
    if (input === undefined || !mayBeSensitive(input)) return { deadLetter: content, problem: message, key };
    const problem = `${message}; its bytes are not shown, because a "${input.typeName}" may hold something sensitive`;
    return { deadLetter: withoutPayload, problem, key };
  }
}
