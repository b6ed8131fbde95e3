// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomUUID } from "node:crypto";
import type { Broker } from "../broker/connection.ts";
import type { Durable } from "../broker/durable.ts";
import { type Bucket, type BucketEntry, openBucket } from "../broker/key-value.ts";
import { patiently } from "../broker/patience.ts";
import { MeshError } from "../mesh-error.ts";

/** A siding, as everybody has to know it. */
export interface SidingPlace {
  /** As in subjects. */
  readonly key: string;
  /** The first message of the key that waits in it. */
  readonly from: number;
  /** Its durable's, and no other siding's ever. */
  readonly name: string;
}

interface Page {
  /** Names one claim of one instance. */
  readonly owner: string;
  readonly sidings: readonly SidingPlace[];
}

/** Where the pages are: one for each partition that was ever owned. */
export class SidingBooks {
  readonly #broker: Broker;
  readonly #namespace: string;
  #bucket: Promise<Bucket> | undefined;

  constructor(broker: Broker, namespace: string) {
    this.#broker = broker;
    this.#namespace = namespace;
  }

  of(partition: Durable): SidingBook {
    return new SidingBook(this.#broker, partition, (anew) => this.#open(anew));
  }

  /** Forgets the sidings of partitions that are no more. */
  async forget(partitions: readonly Pick<Durable, "stream" | "name">[]): Promise<void> {
    if (partitions.length === 0) return;
    const bucket = await this.#open();
    await Promise.all(partitions.map((partition) => bucket.delete(pageOf(partition))));
  }

  async #open(anew = false): Promise<Bucket> {
    if (anew) this.#bucket = undefined;
    this.#bucket ??= openBucket(this.#broker, { namespace: this.#namespace, purpose: "sidings" });
    try {
      return await this.#bucket;
    } catch (error) {
      this.#bucket = undefined;
      throw error;
    }
  }
}

/**
 * Which sidings a partition has: one page at the broker that only its owner writes. Who gets the partition claims the page, and
 * from then on every change of the former owner is refused, however long it has stood still: it wrote on a page that it had
 * read before. What stands on the page is the truth; the durables of sidings follow it.
 */
export class SidingBook {
  readonly #broker: Broker;
  readonly #page: string;
  readonly #open: (anew?: boolean) => Promise<Bucket>;
  /** Unset: it is somebody else's. */
  #own: Own | undefined;
  #isBroken = false;
  #written: Promise<unknown> = Promise.resolve();

  constructor(broker: Broker, partition: Durable, open: (anew?: boolean) => Promise<Bucket>) {
    this.#broker = broker;
    this.#page = pageOf(partition);
    this.#open = open;
  }

  /**
   * Takes the page over.
   *
   * @param left finds the sidings when there is no page
   * @returns the sidings that there are
   * @throws MeshError BROKER_UNAVAILABLE, CONFLICT when others claim it at the same time: it is to be tried again
   */
  async claim(left: () => Promise<readonly SidingPlace[]>): Promise<readonly SidingPlace[]> {
    // After a failure the bucket is opened anew, for somebody may have deleted it.
    const bucket = await this.#open(this.#isBroken);
    this.#own = undefined;
    this.#isBroken = true;
    const before = await bucket.get(this.#page);
    const page = { owner: randomUUID(), sidings: before === undefined ? await left() : read(before).sidings };
    const value = bytesOf(page);
    const revision =
      before === undefined
        ? await bucket.create(this.#page, value)
        : await bucket.update(this.#page, value, before.revision);
    this.#isBroken = false;
    this.#own = { page, revision };
    return page.sidings;
  }

  /** A number that changes whenever its owner writes; undefined when no siding stands on it. */
  async revision(): Promise<number | undefined> {
    const entry = await (await this.#open()).get(this.#page);
    return entry === undefined || read(entry).sidings.length === 0 ? undefined : entry.revision;
  }

  /**
   * Writes the page anew, after what was begun to be written before. Without a change it tells for certain that the page was still
   * this instance's.
   *
   * @returns false when somebody else has claimed it
   * @throws MeshError BROKER_UNAVAILABLE after twenty seconds; whether it was written is not known then
   */
  write(change: Change = (same) => same): Promise<boolean> {
    const owner = this.#own?.page.owner;
    const writing = this.#written.then(() => this.#write(owner, change));
    this.#written = writing.catch(() => {});
    return writing;
  }

  async #write(owner: string | undefined, change: Change): Promise<boolean> {
    const bucket = await this.#open();
    return patiently(this.#broker, `writing the sidings of "${this.#page}"`, async () => {
      // Not under a later claim: what was decided under this one may not hold any more.
      while (this.#own !== undefined && this.#own.page.owner === owner) {
        const own = this.#own;
        const page = { owner: own.page.owner, sidings: change(own.page.sidings) };
        const revision = await unlessConflict(bucket.update(this.#page, bytesOf(page), own.revision));
        // Either it is written, or there stands a write of this claim whose answer was lost, or somebody else's claim.
        const now = revision === undefined ? await this.#readOwn(bucket, own.page.owner) : { page, revision };
        if (this.#own === own) this.#own = now;
        if (revision !== undefined) return true;
      }
      return false;
    });
  }

  async #readOwn(bucket: Bucket, owner: string): Promise<Own | undefined> {
    const entry = await bucket.get(this.#page);
    const page = entry === undefined ? undefined : read(entry);
    return entry === undefined || page?.owner !== owner ? undefined : { page, revision: entry.revision };
  }
}

/** To be the same when it is applied once more. */
type Change = (sidings: readonly SidingPlace[]) => readonly SidingPlace[];

interface Own {
  readonly page: Page;
  readonly revision: number;
}

/** The new revision; undefined when the page has another one than was thought. */
async function unlessConflict(update: Promise<number>): Promise<number | undefined> {
  try {
    return await update;
  } catch (error) {
    if (error instanceof MeshError && error.code === "CONFLICT") return undefined;
    throw error;
  }
}

function pageOf({ stream, name }: Pick<Durable, "stream" | "name">): string {
  return `${stream}/${name.replaceAll("~", "/")}`;
}

function bytesOf(page: Page): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(page));
}

function read({ value }: BucketEntry): Page {
  const page: unknown = JSON.parse(new TextDecoder().decode(value));
  if (!isPage(page)) {
    throw new MeshError({
      code: "INTERNAL",
      message: "the sidings of a partition are written in a way that is not known",
    });
  }
  return page;
}

function isPage(value: unknown): value is Page {
  if (typeof value !== "object" || value === null || !("owner" in value) || !("sidings" in value)) return false;
  return typeof value.owner === "string" && Array.isArray(value.sidings) && value.sidings.every(isPlace);
}

function isPlace(value: unknown): value is SidingPlace {
  if (typeof value !== "object" || value === null || !("key" in value) || !("from" in value)) return false;
  return (
    typeof value.key === "string" && typeof value.from === "number" && "name" in value && typeof value.name === "string"
  );
}
