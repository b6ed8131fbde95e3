// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";

/**
 * A proto package as one token, in subjects and in names of streams.
 *
 * @throws MeshError INVALID_KEY when it is no proto name.
 */
export function packageToken(domain: string): string {
  return protoToken(domain, /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/);
}

/** The proto package that {@link packageToken} made a token of. */
export function packageOfToken(token: string): string {
  return token.replaceAll("-", ".");
}

/** A full name of a message as one token. */
export function typeToken(typeName: string): string {
  return protoToken(typeName, /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/);
}

/** `package.Service/Method` as one token. */
export function methodToken(name: string): string {
  return protoToken(name, /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*\/[A-Za-z0-9_]+$/);
}

/** Proto names hold no `-`, so no two have the same token. */
function protoToken(name: string, form: RegExp): string {
  if (name.length <= 256 && form.test(name)) return name.replace(/[./]/g, "-");
  const message = `${JSON.stringify(name.slice(0, 60))} is no proto name that a subject could hold`;
  throw new MeshError({ code: "INVALID_KEY", message });
}

/** The package of `package.Service/Method`; empty when it has none. */
export function packageOf(method: string): string {
  const service = method.split("/", 1)[0] ?? "";
  return service.slice(0, Math.max(0, service.lastIndexOf(".")));
}
