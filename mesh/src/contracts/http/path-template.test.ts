// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { parsePathTemplate, shapeOf } from "./path-template.ts";

test("a template is segments, a verb and variables", () => {
  expect(parsePathTemplate("/v1/{book.name=shelves/*}/{page}/**:print")).toEqual({
    text: "/v1/{book.name=shelves/*}/{page}/**:print",
    segments: [
      { kind: "literal", text: "v1" },
      { kind: "literal", text: "shelves" },
      { kind: "one" },
      { kind: "one" },
      { kind: "rest" },
    ],
    verb: "print",
    variables: [
      { fieldPath: "book.name", start: 1, end: 3, single: false },
      { fieldPath: "page", start: 3, end: 4, single: true },
    ],
  });
});

test("two templates have one shape when they match the same paths", () => {
  const shape = (text: string) => shapeOf(parsePathTemplate(text));
  expect(shape("/v1/{a}/b")).toBe(shape("/v1/{c=*}/%62"));
  expect(shape("/v1/{a=b/*}")).toBe(shape("/v1/b/{c}"));
  expect(shape("/v1/*")).not.toBe(shape("/v1/**"));
  expect(shape("/v1/*")).not.toBe(shape("/v1/%2A"));
  expect(shape("/v1/a:b")).not.toBe(shape("/v1/a"));
});

test.each([
  ["", '"/" is missing at character 1'],
  ["v1", '"/" is missing at character 1'],
  ["/", "it has an empty segment"],
  ["/v1//a", "it has an empty segment"],
  ["/v1/", "it has an empty segment"],
  ["/v1:", "it has an empty verb"],
  ["/v1:a/b", '"/b" is not expected'],
  ["/v1/{a", '"}" is missing at character 7'],
  ["/v1/{}", '"" is no field path'],
  ["/v1/{a.}", '"a." is no field path'],
  ["/v1/{1}", '"1" is no field path'],
  ["/v1/{a}{b}", '"{b}" is not expected'],
  ["/v1/{a}b", '"b" is not expected'],
  ["/v1/{a=b/{c}}", "a variable stands inside a variable"],
  ["/v1/{a}/{a}", 'it has "{a}" twice'],
  ["/v1/**/a", '"**" must be its last segment'],
  ["/v1/{a=**}/b", '"**" must be its last segment'],
  ["/v1/***", '"*" is not expected'],
  ["/v1/a b", '" b" is not expected'],
  ["/v1/a?b=c", '"?b=c" is not expected'],
  ["/v1/%zz", '"%zz" is not percent-encoded text'],
])("%j is no template: %s", (text, why) => {
  expect(() => parsePathTemplate(text)).toThrow(`"${text}" is no path template: ${why}`);
});
