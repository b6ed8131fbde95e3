// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import { MeshError, type Violation } from "../mesh-error.ts";

/** One for the process: it compiles the rules of a type when it first meets it, and keeps them. */
const validator = createValidator();

/**
 * The rules of `buf.validate` that `message` breaks; none when it is valid.
 *
 * @throws MeshError CONTRACT_INCOMPLETE when a rule itself cannot be compiled or evaluated: the contract's fault, not the
 * sender's.
 */
export function violationsOf(desc: DescMessage, message: Message): readonly Violation[] {
  const result = validator.validate(desc, message);
  switch (result.kind) {
    case "valid":
      return [];
    case "invalid":
      return result.violations.map((violation) => ({
        field: pathToString(violation.field),
        rule: violation.ruleId,
        message: violation.message,
      }));
    case "error":
      throw new MeshError({
        code: "CONTRACT_INCOMPLETE",
        message: `a validation rule of "${desc.typeName}" cannot be applied: ${result.error.message}; correct the rule`,
        cause: result.error,
      });
  }
}
