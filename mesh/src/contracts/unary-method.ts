// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethod, DescMethodUnary } from "@bufbuild/protobuf";
import { MeshError } from "../mesh-error.ts";
import type { MethodContract } from "./policy.ts";

/** A method of which only a contract is known, as one that can be dispatched. @throws MeshError UNIMPLEMENTED when it streams */
export function unaryMethod({ desc, name }: MethodContract): DescMethodUnary {
  if (isUnary(desc)) return desc;
  const message = `"${name}" cannot be dispatched: it streams, and a command has one request`;
  throw new MeshError({ code: "UNIMPLEMENTED", message });
}

/** Whether a method has one request and one answer. */
export function isUnary(desc: DescMethod): desc is DescMethod & DescMethodUnary {
  return desc.methodKind === "unary";
}
