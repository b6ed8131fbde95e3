// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** An answer to curl. */
export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON, else the text. */
  readonly body: unknown;
  /** Of an error: what the mesh says about it. */
  readonly detail: Readonly<Record<string, unknown>> | undefined;
}

/** Calls a method as curl would: JSON over HTTP/1.1, no library of ours. An object is sent as JSON, the rest as it is. */
export async function jsonCall(
  url: string,
  method: string,
  request: object | string | Uint8Array<ArrayBuffer> = {},
  init: RequestInit = {},
): Promise<JsonAnswer> {
  const raw = typeof request === "string" || request instanceof Uint8Array;
  const response = await fetch(`${url}/${method}`, {
    method: "POST",
    body: raw ? request : JSON.stringify(request),
    ...init,
    headers: { "content-type": "application/json", ...init.headers },
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  const body: unknown = isJson ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body, detail: detailOf(body) };
}

function detailOf(body: unknown): JsonAnswer["detail"] {
  const { details = [] } = body as { details?: { type: string; debug: Record<string, unknown> }[] };
  return details.find(({ type }) => type === "parley.mesh.v1.MeshErrorDetail")?.debug;
}
