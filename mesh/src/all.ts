// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * Waits for all of several works that go on at once. Unlike `Promise.all` it also waits for the others when one fails, so
 * that whoever then closes what they stand on leaves nothing half-opened behind.
 *
 * @throws what the first of those that failed threw
 */
export async function all<Works extends readonly unknown[] | []>(
  works: Works,
): Promise<{ -readonly [Work in keyof Works]: Awaited<Works[Work]> }> {
  await Promise.allSettled(works);
  return Promise.all(works);
}
