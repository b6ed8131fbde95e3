// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescField, DescFile, DescMessage, DescMethod, DescService } from "@bufbuild/protobuf";
import {
  EventPolicySchema,
  event,
  FieldPolicySchema,
  field,
  MeshPolicySchema,
  MethodPolicySchema,
  mesh,
  method,
  ServicePolicySchema,
  service,
} from "@parley/contracts/parley/mesh/v1/policy_pb.js";

/** What can carry a policy. */
export type Element = DescFile | DescService | DescMethod | DescMessage | DescField;

/** The way from an element's policy to one of its settings: local field names, and indexes into lists. */
export type Setting = readonly (string | number)[];

/** A place in a file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Where `element`, or a setting of its policy, is written; the nearest enclosing thing when the file does not say. */
export function placeOf(element: Element, setting: Setting = []): Place {
  const locations = fileOf(element).proto.sourceCodeInfo?.location ?? [];
  const own = elementPath(element);
  for (let path = [...own, ...settingPath(element, setting)]; path.length > 0; path.pop()) {
    const exact = locations.find((location) => samePath(location.path, path));
    // A message inside a policy has no location of its own, but its first setting has.
    const inside = exact ?? locations.find((location) => samePath(location.path.slice(0, path.length), path));
    if (inside !== undefined) return { line: (inside.span[0] ?? 0) + 1, column: (inside.span[1] ?? 0) + 1 };
  }
  return { line: 1, column: 1 };
}

/** The file that an element stands in. */
export function fileOf(element: Element): DescFile {
  switch (element.kind) {
    case "file":
      return element;
    case "rpc":
    case "field":
      return element.parent.file;
    default:
      return element.file;
  }
}

/** Numbers from the file to the element, as google.protobuf.SourceCodeInfo counts them. */
function elementPath(element: Element): number[] {
  switch (element.kind) {
    case "file":
      return [];
    case "service":
      return [6, element.file.proto.service.indexOf(element.proto)];
    case "rpc":
      return [...elementPath(element.parent), 2, element.parent.proto.method.indexOf(element.proto)];
    case "message":
      return element.parent === undefined
        ? [4, element.file.proto.messageType.indexOf(element.proto)]
        : [...elementPath(element.parent), 3, element.parent.proto.nestedType.indexOf(element.proto)];
    case "field":
      return [...elementPath(element.parent), 2, element.parent.proto.field.indexOf(element.proto)];
  }
}

/** Numbers from the element to a setting of its policy. */
function settingPath(element: Element, setting: Setting): number[] {
  if (setting.length === 0) return [];
  const { options, extension, schema } = policies[element.kind];
  const path = [options, extension];
  let current: DescMessage | undefined = schema;
  for (const step of setting) {
    const next: DescField | undefined = current?.fields.find(({ localName }) => localName === step);
    path.push(typeof step === "number" ? step : (next?.number ?? 0));
    if (typeof step === "string") current = next?.message;
  }
  return path;
}

/** Number of the options in each kind of descriptor, of our extension in these, and what the extension holds. */
const policies = {
  file: { options: 8, extension: mesh.number, schema: MeshPolicySchema },
  service: { options: 3, extension: service.number, schema: ServicePolicySchema },
  rpc: { options: 4, extension: method.number, schema: MethodPolicySchema },
  message: { options: 7, extension: event.number, schema: EventPolicySchema },
  field: { options: 8, extension: field.number, schema: FieldPolicySchema },
} as const;

function samePath(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((number, index) => number === b[index]);
}
