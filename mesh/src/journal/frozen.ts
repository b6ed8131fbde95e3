// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * Makes a state unchangeable, as deep as it goes, and gives it back. A state is kept for the next commit: one that a decide or
 * evolve function changed in place would hold what was never stored. So the attempt throws a TypeError. What is frozen
 * already is not gone through again, which makes it cheap for states that share most of their parts. Bytes and dates cannot be
 * frozen; they are to be left alone.
 */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (ArrayBuffer.isView(value) || value instanceof Date) return value;
  if (value instanceof Map || value instanceof Set) return frozenCollection(value);
  Object.freeze(value);
  for (const member of Object.values(value)) frozen(member);
  return value;
}

/** Freezing alone does not keep a map or set from being changed. */
function frozenCollection<T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>>(collection: T): T {
  for (const name of ["set", "add", "delete", "clear"]) Object.defineProperty(collection, name, { value: refuse });
  Object.freeze(collection);
  for (const [key, member] of collection.entries()) {
    frozen(key);
    frozen(member);
  }
  return collection;
}

function refuse(): never {
  throw new TypeError("a state of a journal cannot be changed in place; make a new one");
}
