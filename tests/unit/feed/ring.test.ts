import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEvent } from '#lib/server/feed/encode.ts';
import { Ring } from '#lib/server/feed/ring.ts';

const made = (seq: number, topic = 'outcomes', size = 10) =>
  encodeEvent('ep0ch', {
    seq,
    topic,
    workspaceId: 'w',
    type: 'outcome.recorded',
    op: 'upsert',
    key: String(seq),
    rev: 1,
    scope: 'workspace',
    payload: JSON.stringify('x'.repeat(size)),
    t: 0,
  });

describe('the ring', () => {
  it('finds every event it holds by its position and knows what it no longer covers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 5_000 }),
        (start, limit, n) => {
          const ring = new Ring(start, { events: limit });
          for (let seq = start + 1; seq <= start + n; seq += 1) ring.push(made(seq));
          expect(ring.head).toBe(start + n);
          expect(ring.size).toBe(Math.min(limit, n));
          for (let seq = ring.oldest; seq <= ring.head; seq += 1) expect(ring.at(seq)?.seq).toBe(seq);
          expect(ring.at(ring.oldest - 1)).toBeUndefined();
          expect(ring.at(ring.head + 1)).toBeUndefined();
          expect(ring.covers(ring.oldest - 1)).toBe(true);
          expect(ring.covers(ring.oldest - 2)).toBe(false);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps to its bytes and counts them right', () => {
    const ring = new Ring(0, { bytes: 10_000 });
    for (let seq = 1; seq <= 500; seq += 1) ring.push(made(seq, 'outcomes', seq % 300));
    let bytes = 0;
    for (let seq = ring.oldest; seq <= ring.head; seq += 1) bytes += ring.at(seq)?.frame.length ?? 0;
    expect(ring.bytes).toBe(bytes);
    expect(bytes).toBeLessThanOrEqual(10_000);
    expect(bytes).toBeGreaterThan(9_000);
  });

  it('refuses a gap', () => {
    const ring = new Ring(5);
    expect(() => ring.push(made(7))).toThrow(RangeError);
  });
});
