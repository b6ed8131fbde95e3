// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { openTestBroker } from "../broker/testdata/test-broker.ts";
import { SidingBooks } from "./siding-book.ts";

const nothing = async () => [];
const place = { key: "k", from: 7, name: "agent~hearer~p1~a" };

test("who claims the sidings of a partition finds those of the former owner, which can change nothing any more", async () => {
  await using mesh = await openTestBroker();
  const durable = { stream: mesh.names.events, name: "agent~hearer~p1", filters: [], from: "now" } as const;
  const books = new SidingBooks(mesh.broker, mesh.namespace);
  const [former, next] = [books.of(durable), new SidingBooks(mesh.broker, mesh.namespace).of(durable)];
  expect(await former.claim(nothing)).toEqual([]);
  expect(await former.write((all) => [...all, place])).toBe(true);
  expect(await next.claim(nothing)).toEqual([place]);
  // It had decided that before it lost the partition.
  expect(await former.write(() => [])).toBe(false);
  expect(await former.write()).toBe(false);
  expect(await next.write()).toBe(true);
  expect(await former.claim(nothing)).toEqual([place]);
  expect(await next.write(() => [])).toBe(false);
});

test("changes that are begun together are written one after the other, none of them under a later claim", async () => {
  await using mesh = await openTestBroker();
  const durable = { stream: mesh.names.events, name: "agent~hearer~p1", filters: [], from: "now" } as const;
  const book = new SidingBooks(mesh.broker, mesh.namespace).of(durable);
  await book.claim(nothing);
  const places = ["a", "b", "c"].map((key) => ({ ...place, key }));
  const written = await Promise.all(places.map((each) => book.write((all) => [...all, each])));
  expect(written).toEqual([true, true, true]);
  expect(await book.claim(nothing)).toEqual(places);
  const [claimed, late] = await Promise.all([book.claim(nothing), book.write(() => [])]);
  expect([claimed.length, late, (await book.claim(nothing)).length]).toEqual([3, false, 3]);
});

test("where the page was lost the sidings are those that are found, and a page without any has no revision", async () => {
  await using mesh = await openTestBroker();
  const durable = { stream: mesh.names.events, name: "agent~hearer~p2", filters: [], from: "now" } as const;
  const books = new SidingBooks(mesh.broker, mesh.namespace);
  const book = books.of(durable);
  await book.claim(nothing);
  expect(await book.revision()).toBeUndefined();
  await mesh.broker.manager.streams.delete(`KV_${mesh.names.bucket("sidings")}`);
  await expect(book.claim(nothing)).rejects.toMatchObject({ name: "MeshError" });
  expect(await book.claim(async () => [place])).toEqual([place]);
  expect(await book.revision()).toBe(1);
  await books.forget([durable]);
  expect(await book.claim(nothing)).toEqual([]);
});
