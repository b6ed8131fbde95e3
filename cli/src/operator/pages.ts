// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** One page, as the services of the mesh give them. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Empty after the last one. */
  readonly nextPageToken: string;
}

/** What a list came to. */
export interface Listed<Item> {
  readonly items: readonly Item[];
  /** There are more than were asked for. */
  readonly hasMore: boolean;
}

/** Says on standard error how to see more than `limit` of them, where there are more. */
export function tellMore({ hasMore }: Listed<unknown>, limit: number): void {
  if (hasMore) process.stderr.write(`There are more: --limit ${limit * 2} shows them.\n`);
}

/** Reads pages one after the other until there are `limit` items, or no more. */
export async function readPages<Item>(
  read: (pageToken: string, pageSize: number) => Promise<Page<Item>>,
  limit: number,
): Promise<Listed<Item>> {
  const items: Item[] = [];
  for (let token = ""; ; ) {
    const page = await read(token, limit - items.length);
    items.push(...page.items.slice(0, limit - items.length));
    token = page.nextPageToken;
    if (token === "" || items.length >= limit) return { items, hasMore: token !== "" };
  }
}
