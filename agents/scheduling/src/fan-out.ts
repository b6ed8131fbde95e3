// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** How many calls to other agents one request has in progress at the most; well below what an instance takes at once. */
const atOnce = 16;

/** What became of one item. */
export type Outcome<I, O> = { readonly item: I } & (
  | { readonly kind: "done"; readonly value: O }
  | { readonly kind: "failed"; readonly error: unknown }
);

/** Does the same with every item, several at a time. One that fails does not sink the others; outcomes keep the order of the items. */
export async function fanOut<I, O>(
  items: readonly I[],
  work: (item: I) => Promise<O>,
): Promise<readonly Outcome<I, O>[]> {
  const outcomes: Outcome<I, O>[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) {
      try {
        outcomes[index] = { item, kind: "done", value: await work(item) };
      } catch (error) {
        outcomes[index] = { item, kind: "failed", error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return outcomes;
}
