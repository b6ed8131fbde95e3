// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, Message } from "@bufbuild/protobuf";
import { violationsOf } from "../contracts/validator.ts";
import { MeshError } from "../mesh-error.ts";
import type { Incoming } from "./incoming.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Step } from "./step.ts";

/** Refuses a message that breaks the rules of its contract, before the handler sees it. */
export const validateIncoming: Step<Incoming> = async (incoming, next) => {
  assertValid(incoming.operation.input, incoming.message);
  return next(incoming);
};

/** Refuses a request that breaks the rules of its contract, before anything is sent. */
export const validateOutgoing: Step<Outgoing> = async (outgoing, next) => {
  assertValid(outgoing.contract.desc.input, outgoing.request);
  return next(outgoing);
};

/** @throws MeshError INVALID_MESSAGE with all violations, when there are any. */
export function assertValid(type: DescMessage, message: Message): void {
  const violations = violationsOf(type, message);
  if (violations.length === 0) return;
  const list = violations.map(({ field, message: text }) => `${field === "" ? type.name : field}: ${text}`).join("; ");
  throw new MeshError({
    code: "INVALID_MESSAGE",
    message: `"${type.typeName}" is not valid: ${list}`,
    violations,
  });
}
