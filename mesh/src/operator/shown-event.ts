// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type MessageInitShape, toJsonString } from "@bufbuild/protobuf";
import type { TailEventsResponseSchema } from "@parley/contracts/parley/mesh/v1/operator_pb.js";
import type { PulledMessage } from "../broker/pulled-message.ts";
import type { Contracts } from "../contracts/contracts.ts";
import { openMessage } from "../delivery/open-message.ts";
import type { MessageHeader } from "../header.ts";
import { readHeader } from "../header-codec.ts";
import { MeshError } from "../mesh-error.ts";
import { wireHeader } from "../wire-header.ts";

/** An event as an operator sees it: in JSON, or with the reason why it cannot be read. Never throws. */
export function shownEvent(
  pulled: PulledMessage,
  contracts: Contracts,
): MessageInitShape<typeof TailEventsResponseSchema> {
  let header: MessageHeader | undefined;
  const shown = () => (header === undefined ? {} : { header: wireHeader(header) });
  try {
    header = readHeader((name) => pulled.headers.get(name));
    const json = jsonOf(pulled, header?.messageType, contracts);
    return { ...shown(), json };
  } catch (thrown) {
    return { ...shown(), problem: MeshError.from(thrown).message };
  }
}

function jsonOf(pulled: PulledMessage, typeName: string | undefined, contracts: Contracts): string {
  const contract = typeName === undefined ? undefined : contracts.eventNamed(typeName);
  if (contract === undefined) {
    const what =
      typeName === undefined ? "no event: it has no ce-id header" : `a "${typeName}", which no contract knows`;
    const message = `message on "${pulled.subject}" is ${what}`;
    throw new MeshError({ code: "UNKNOWN_TYPE", message });
  }
  const { message } = openMessage(pulled, contract.desc);
  return toJsonString(contract.desc, message, { registry: contracts.registry });
}
