// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** One call of the teller as curl would make it; undefined when nobody knows what came of it. */
export async function ask(url: string, method: string, request: object): Promise<Record<string, unknown> | undefined> {
  try {
    const response = await fetch(`${url}/parley.crash.v1.TellerService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", "connect-timeout-ms": "20000" },
      body: JSON.stringify(request),
    });
    return response.ok ? ((await response.json()) as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
