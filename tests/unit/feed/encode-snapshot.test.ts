import { describe, expect, it } from 'vitest';
import type { FeedValues, Snapshot } from '#lib/contracts/feed.ts';
import { takeUpdate, type LeadingPatterns } from '#lib/live/leading-patterns.ts';
import type { SnapshotPart } from '#lib/server/app.ts';
import { encodeSnapshot } from '#lib/server/feed/encode-snapshot.ts';

type Update = FeedValues['pattern.updated'];
const PLACE = { epoch: 'ep0ch', seq: 7 };
const CHUNK_BYTES = 64 * 1024;

/** So many patterns, each of more than a kilobyte and some of it not in ASCII. */
function patterns(count: number): SnapshotPart {
  const ids = Array.from({ length: count }, (_, n) => `p_${String(n).padStart(12, '0')}`);
  const items = ids.map((id) => ({ id, label: `${'\u00e9\u2028'.repeat(50)}${'x'.repeat(900)}` }));
  const value = { asOf: 9, totals: { n: 5, successes: 3 }, leaders: ids, items, more: 0 };
  return { type: 'pattern.updated', items: [{ key: 'leaders', rev: 9, value: value as unknown as Update }] };
}
const valuesOf = (part: SnapshotPart) => part.items.map(({ value }) => value as Update);
const read = (chunks: readonly string[]) => chunks.map((chunk) => JSON.parse(chunk) as Snapshot);

describe('the patterns of a snapshot', () => {
  it.each([1, 49, 200, 1_000])('(%i of them) are in chunks of 64 KB, which come to the whole', (count) => {
    const part = patterns(count);
    const [whole] = valuesOf(part);
    const { exchange } = encodeSnapshot(PLACE, [patterns(1)]);
    for (const { chunks } of [encodeSnapshot(PLACE, [part]).snapshot, exchange?.(part) ?? { chunks: [] }]) {
      const snapshots = read(chunks);
      expect(Math.max(...chunks.map((chunk) => Buffer.byteLength(chunk)))).toBeLessThanOrEqual(CHUNK_BYTES);
      expect(snapshots.map(({ part: at, of }) => [at, of])).toEqual(
        chunks.map((_, n) => [n + 1, chunks.length]),
      );
      const items = snapshots.flatMap((snapshot) => snapshot.items);
      for (const { key, rev } of items) expect([key, rev]).toEqual(['leaders', 9]);
      let state: LeadingPatterns = { asOf: 0, items: [] };
      const updates = items.map(({ value }) => value as Update);
      for (const update of updates) {
        expect({ ...update, items: [] }).toEqual({ ...whole, items: [] });
        // What a page does with its rows: those that it has again stay as they are.
        state = takeUpdate(state, { ...update, items: [...state.items, ...update.items] });
      }
      expect(state).toEqual({ asOf: 9, items: whole?.items });
    }
  });

  it('are one item as long as a chunk has room for them, also when there are none', () => {
    for (const count of [0, 1, 40]) {
      const part = patterns(count);
      const [chunk, ...others] = read(encodeSnapshot(PLACE, [part]).snapshot.chunks);
      expect(others).toEqual([]);
      expect(chunk?.items).toEqual(part.items);
    }
  });
});
