// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescField, JsonObject } from "@bufbuild/protobuf";

/** Gives the JSON Schema of a field on its way in. */
export type JsonSchemaOf = (field: DescField) => JsonObject;
