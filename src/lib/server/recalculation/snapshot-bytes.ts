import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { copyPart, type ColumnPart, partsAt } from '#lib/domain/patterns/column-parts.ts';
import type { FoldImage } from '#lib/domain/patterns/fold-image.ts';
import type { FoldMemory } from './fold-memory.ts';

export const PAGE_BYTES = 65_536;
/** Of a page or part: the first bytes of its SHA-256. */
export const DIGEST_BYTES = 16;
/** Digests computed before other work gets its turn: about a millisecond. */
const AT_ONCE = 16;

export function digestOf(...parts: readonly (Uint8Array | string | null)[]): Buffer {
  const hash = createHash('sha256');
  // Lengths, so that what moves from one part to the next is noticed.
  for (const part of parts) hash.update(part === null ? '-' : `${part.length}:`).update(part ?? '');
  return hash.digest().subarray(0, DIGEST_BYTES);
}

export function pageCount({ buffer }: FoldImage): number {
  return Math.ceil(buffer.byteLength / PAGE_BYTES);
}

/** A page of an image, not copied. */
export function pageOf({ buffer }: FoldImage, page: number): Buffer {
  const start = page * PAGE_BYTES;
  return Buffer.from(buffer, start, Math.min(PAGE_BYTES, buffer.byteLength - start));
}

export function isEmptyPage(page: Uint8Array): boolean {
  return EMPTY_PAGE.subarray(0, page.byteLength).equals(page);
}
const EMPTY_PAGE = Buffer.alloc(PAGE_BYTES);

export function digestOfPart({ codes, meta, values, retractedBy }: ColumnPart): Buffer {
  return digestOf(codes, meta, values, retractedBy);
}

/** One digest after the other, as they are kept. */
export class Digests {
  readonly bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes);
  }

  get count(): number {
    return Math.floor(this.bytes.byteLength / DIGEST_BYTES);
  }

  /** Null beyond the end. */
  at(index: number): Buffer | null {
    if (index >= this.count) return null;
    return this.bytes.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
  }

  isSame(index: number, other: Digests): boolean {
    const [own, others] = [this.at(index), other.at(index)];
    return own !== null && others?.equals(own) === true;
  }
}

/** Digests of every page; the image must stay as it is meanwhile. Cost: some 100 µs a page, in turns. */
export async function digestPages(image: FoldImage): Promise<Digests> {
  const digests: Buffer[] = [];
  for (let page = 0; page < pageCount(image); page += 1) {
    if (page > 0 && page % AT_ONCE === 0) await nextTurn();
    digests.push(digestOf(pageOf(image, page)));
  }
  return new Digests(Buffer.concat(digests));
}

/** Digests of every part; those not in `changed` are taken over from `known`. */
export async function digestParts(
  { columns, space }: FoldMemory,
  known: Digests,
  changed: ReadonlySet<number>,
): Promise<Digests> {
  const digests: Buffer[] = [];
  let made = 0;
  for (let part = 0; part < partsAt(space.position); part += 1) {
    const before = changed.has(part) ? null : known.at(part);
    if (before !== null) {
      digests.push(before);
      continue;
    }
    digests.push(digestOfPart(copyPart(columns, space, part)));
    made += 1;
    if (made % AT_ONCE === 0) await nextTurn();
  }
  return new Digests(Buffer.concat(digests));
}
