// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Answers } from "./answers.ts";
import type { Comments } from "./openapi/comments.ts";
import { openApiDocument } from "./openapi/document.ts";
import { RouteTable } from "./rest/route-table.ts";

/** All that a gateway answers at one moment. */
export interface Served {
  /** Over Connect, gRPC and gRPC-Web. */
  readonly answers: Answers;
  readonly rest: RouteTable;
  /** The OpenAPI document of `rest`, as JSON. */
  openApi(): string;
}

/** Puts together what is served; the document is made when it is first asked for. */
export function serving(answers: Answers, rest: RouteTable, comments: Comments): Served {
  let document: string | undefined;
  return {
    answers,
    rest,
    openApi() {
      document ??= JSON.stringify(openApiDocument(rest.routes, comments));
      return document;
    },
  };
}

/** Before anything is offered. */
export function servingNothing(comments: Comments): Served {
  return serving(new Map(), new RouteTable([]), comments);
}
