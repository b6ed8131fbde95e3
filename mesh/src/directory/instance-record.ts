// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type AgentInstance,
  AgentInstanceSchema,
  type AgentProfile,
  AgentProfileSchema,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { keyToken, nameToken } from "../broker/key-token.ts";

/** An instance whose record names it. */
export type KnownInstance = AgentInstance & { readonly profile: AgentProfile };

/** The key of an instance in the directory's bucket. */
export function recordKey({ name, id }: Pick<AgentProfile, "name" | "id">): string {
  return `${nameToken(name)}.${keyToken(id)}`;
}

/** The value of an instance there. */
export function encodeRecord(instance: AgentInstance): Uint8Array {
  return toBinary(AgentInstanceSchema, instance);
}

/** Anybody may write into the bucket: undefined for what is no instance. */
export function decodeRecord(value: Uint8Array): KnownInstance | undefined {
  try {
    const instance = fromBinary(AgentInstanceSchema, value);
    return hasProfile(instance) && instance.profile.id !== "" ? instance : undefined;
  } catch {
    return undefined;
  }
}

/** An instance as it is written, from its parts. */
export function instanceOf(profile: AgentProfile, parts: Pick<AgentInstance, "state" | "health">): KnownInstance {
  return { ...create(AgentInstanceSchema, parts), profile };
}

/** What makes two records of an instance differ for others: all but what it tells with every sign of life. */
export function identityOf({ profile, health }: KnownInstance): string {
  const bytes = Buffer.from(toBinary(AgentProfileSchema, profile)).toString("base64");
  return `${bytes} ${health?.status ?? 0}`;
}

function hasProfile(instance: AgentInstance): instance is KnownInstance {
  return instance.profile !== undefined;
}
