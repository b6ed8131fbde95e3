// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** An answer over REST. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON, else the text. */
  readonly body: unknown;
}

/**
 * Asks as any HTTP client would.
 *
 * @param request e.g. `POST /v1/things`
 * @param body an object is sent as JSON, a text as it is
 */
export async function restCall(
  url: string,
  request: string,
  body?: object | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RestAnswer> {
  const [method = "", path = ""] = request.split(" ");
  const response = await fetch(url + path, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "") && text !== "";
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
