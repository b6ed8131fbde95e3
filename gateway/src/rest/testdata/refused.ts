// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** A rule, a request that breaks it, what is said of that, and the body where there is one. */
export type Refused = readonly [rule: string, request: string, said: string, body?: string];

/** Requests of thing.proto that mean no message. */
export const refused: readonly Refused[] = [
  // Paths
  ["a lone percent sign", "GET /v1/things/100%", '"100%" in the URL is not percent-encoded UTF-8'],
  ["bytes that are no UTF-8", "GET /v1/things/%ff", "not percent-encoded UTF-8"],
  [
    "a variable that is no number",
    "GET /v1/typed/x/0/true/0/AA/0/1970-01-01T00:00:00Z/0",
    '"small" is a whole number, not "x"',
  ],
  ["a variable out of range", "GET /v1/typed/2147483648/0/true/0/AA/0/1970-01-01T00:00:00Z/0", "small"],
  [
    "a flag that is neither",
    "GET /v1/typed/0/0/yes/0/AA/0/1970-01-01T00:00:00Z/0",
    '"flag" is "true" or "false", not "yes"',
  ],
  ["an enum that is unknown by name", "GET /v1/typed/0/0/true/HUGE/AA/0/1970-01-01T00:00:00Z/0", "HUGE"],
  ["a moment that is none", "GET /v1/typed/0/0/true/0/AA/0/yesterday/0", "Timestamp"],
  // Query
  [
    "a parameter that is no field",
    "GET /v1/things?nope=1",
    'query parameter "nope" is no field of "parley.test.v1.Thing"',
  ],
  ["a parameter that is no field of a message", "GET /v1/things?inner.nope=1", '"inner.nope" is no field'],
  ["a path through a scalar", "GET /v1/things?text.length=1", '"text.length" is no field'],
  ["names of JavaScript", "GET /v1/things?__proto__=1", '"__proto__" is no field'],
  ["an empty name", "GET /v1/things?=1", 'query parameter "" is no field'],
  ["brackets", "GET /v1/things?words[]=a", '"words[]" is no field'],
  [
    "a message as a whole",
    "GET /v1/things?inner=1",
    '"inner" is a message "parley.test.v1.Thing", which a path or query cannot hold',
  ],
  ["a repeated message", "GET /v1/things?many=1", '"many" is a message'],
  ["into a repeated message", "GET /v1/things?many.text=a", '"many.text" is no field'],
  ["a map", "GET /v1/things?labels=a", '"labels" is a map'],
  ["into a map", "GET /v1/things?labels.a=b", '"labels.a" is no field'],
  ["any JSON", "GET /v1/things?extra=%7B%7D", '"extra" is a message "google.protobuf.Struct"'],
  ["a field twice that is not repeated", "GET /v1/things?small=1&small=2", "is not repeated"],
  ["a field twice by its two names", "GET /v1/things?wrapped_text=a&wrappedText=b", "is not repeated"],
  ["a field of the path", "GET /v1/things/a?text=b", "is given by the path already"],
  ["two members of a oneof", "GET /v1/things?word=a&number=1", "oneof"],
  ["an empty number", "GET /v1/things?small=", '"small" is a whole number, not ""'],
  ["a number with spaces", "GET /v1/things?small=+1", '"small" is a whole number, not " 1"'],
  ["a number in hexadecimal", "GET /v1/things?small=0x10", "is a whole number"],
  ["a fraction where none belongs", "GET /v1/things?small=1.0", "is a whole number"],
  ["a number below zero where none belongs", "GET /v1/things?natural=-1", "natural"],
  ["64 bits and one", "GET /v1/things?large=9223372036854775808", "large"],
  ["a flag by number", "GET /v1/things?flag=1", '"flag" is "true" or "false"'],
  ["a flag in capitals", "GET /v1/things?flag=TRUE", '"flag" is "true" or "false"'],
  ["bytes that are no base64", "GET /v1/things?blob=$$$", "base64"],
  ["a duration without its unit", "GET /v1/things?span=5", "Duration"],
  [
    "a query beside a body that is everything",
    "POST /v1/things?small=1",
    "every field of this request belongs into its body",
    "{}",
  ],
  ["even without that body", "POST /v1/things?small=1", "belongs into its body"],
  [
    "a query for the field that is the body",
    "PATCH /v1/shelves/s/things/t?inner.small=1",
    '"inner.small" belongs into the body',
    "{}",
  ],
  ["broken encoding in a query", "GET /v1/things?word=%", "not percent-encoded UTF-8"],
  // Bodies
  ["a body where none belongs", "DELETE /v1/things/a", "takes no body here", "{}"],
  ["a body with GET", "GET /v1/things", "takes no body here", "{}"],
  ["a body that is no JSON", "POST /v1/things", "the body", "{"],
  ["two values as body", "POST /v1/things", "the body", "{}{}"],
  ["a list where a message belongs", "POST /v1/things", "the body", "[]"],
  ["an unknown field", "POST /v1/things", 'key "nope" is unknown', '{"nope":1}'],
  ["an unknown field further in", "POST /v1/things", 'key "nope" is unknown', '{"inner":{"nope":1}}'],
  ["a field twice", "POST /v1/things", 'duplicate object key "small"', '{"small":1,"small":2}'],
  ["a field by both its names", "POST /v1/things", "set multiple times", '{"wrapped_text":"a","wrappedText":"b"}'],
  ["two members of a oneof in a body", "POST /v1/things", "oneof", '{"word":"a","number":1}'],
  [
    "another value than the path's",
    "POST /v1/things/a:archive",
    'the body and path variable "text" give one field two values',
    '{"text":"b"}',
  ],
  [
    "another value than the path's, further in",
    "POST /v1/shelves/s/things",
    'path variable "inner.text"',
    '{"inner":{"text":"t"}}',
  ],
  [
    "a number with digits that would be lost",
    "POST /v1/things",
    "number 9007199254740993 would lose digits",
    '{"large":9007199254740993}',
  ],
  ["nesting without end", "POST /v1/things", "nests deeper than 64", `{"value":${"[".repeat(65)}`],
  [
    "messages in messages without end",
    "POST /v1/things",
    "maximum recursion depth",
    `${'{"inner":'.repeat(40)}{}${"}".repeat(40)}`,
  ],
  ["an escape out of a field", "PUT /v1/things/a/small", "the body", '1,"flag":true'],
  ["a text that is half a character", "POST /v1/things", "UTF8", '{"text":"\\ud800"}'],
  [
    "any message that nobody knows",
    "POST /v1/things",
    "no.such.Type",
    '{"any":{"@type":"type.googleapis.com/no.such.Type"}}',
  ],
];

/** Requests that lead to no method: none at all, or none by that HTTP method. */
export const lost: readonly (readonly [rule: string, request: string, allowed: readonly string[]])[] = [
  ["a path that nobody has", "GET /v1/nothing", []],
  ["more segments than a template has", "GET /v1/things/a/b", []],
  ["fewer segments than a template has", "PATCH /v1/shelves/s", []],
  ["a slash at the end", "GET /v1/things/", []],
  ["an empty segment", "GET /v1//things", []],
  ["an encoded slash is no separator", "GET /v1%2Fthings", []],
  ["a verb that is not the template's", "POST /v1/things:nope", []],
  ["an encoded colon is no verb", "POST /v1/things%3Aarchive", []],
  ["another HTTP method", "PUT /v1/things/a", ["DELETE", "GET", "HEAD"]],
  ["another HTTP method where several templates match", "PATCH /v1/things/newest", ["DELETE", "GET", "HEAD"]],
];
