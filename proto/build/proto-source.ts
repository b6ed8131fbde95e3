// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type {
  DescriptorProto,
  EnumDescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { FieldDescriptorProto_Label as Label, FieldDescriptorProto_Type as Type } from "@bufbuild/protobuf/wkt";

const scalarNames = new Map<Type, string>([
  [Type.DOUBLE, "double"],
  [Type.FLOAT, "float"],
  [Type.INT64, "int64"],
  [Type.UINT64, "uint64"],
  [Type.INT32, "int32"],
  [Type.FIXED64, "fixed64"],
  [Type.FIXED32, "fixed32"],
  [Type.BOOL, "bool"],
  [Type.STRING, "string"],
  [Type.BYTES, "bytes"],
  [Type.UINT32, "uint32"],
  [Type.SFIXED32, "sfixed32"],
  [Type.SFIXED64, "sfixed64"],
  [Type.SINT32, "sint32"],
  [Type.SINT64, "sint64"],
]);

/**
 * Writes the `.proto` text of a file descriptor, for a contract that reaches us only as generated code. Structure alone:
 * comments, defaults and options are left out, since importers need names and numbers. Proto2 without groups.
 */
export function protoSource(file: FileDescriptorProto): string {
  return [
    `syntax = "${file.syntax || "proto2"}";`,
    `package ${file.package};`,
    ...file.dependency.map((path) => `import "${path}";`),
    ...file.enumType.flatMap((type) => enumLines(type)),
    ...file.messageType.flatMap((type) => messageLines(type)),
    ...file.extension.flatMap((field) => [`extend ${field.extendee} {`, ...indent([fieldLine(field)]), "}"]),
    "",
  ].join("\n");
}

function messageLines(type: DescriptorProto): string[] {
  const inOneof = (field: FieldDescriptorProto) => Object.hasOwn(field, "oneofIndex") && !field.proto3Optional;
  const body = [
    ...type.enumType.flatMap((nested) => enumLines(nested)),
    ...type.nestedType.flatMap((nested) => messageLines(nested)),
    ...type.oneofDecl.flatMap((oneof, index) => {
      const members = type.field.filter((field) => inOneof(field) && field.oneofIndex === index);
      return [
        `oneof ${oneof.name} {`,
        ...indent(members.map((field) => `${typeName(field)} ${field.name} = ${field.number};`)),
        "}",
      ];
    }),
    ...type.field.filter((field) => !inOneof(field)).map(fieldLine),
    ...type.extensionRange.map(({ start, end }) => `extensions ${start} to ${end >= 536_870_912 ? "max" : end - 1};`),
  ];
  return [`message ${type.name} {`, ...indent(body), "}"];
}

function enumLines(type: EnumDescriptorProto): string[] {
  return [`enum ${type.name} {`, ...indent(type.value.map(({ name, number }) => `${name} = ${number};`)), "}"];
}

function fieldLine(field: FieldDescriptorProto): string {
  const label = field.label === Label.REPEATED ? "repeated" : field.label === Label.REQUIRED ? "required" : "optional";
  return `${label} ${typeName(field)} ${field.name} = ${field.number};`;
}

function typeName(field: FieldDescriptorProto): string {
  return field.typeName || (scalarNames.get(field.type) ?? "");
}

function indent(lines: string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
