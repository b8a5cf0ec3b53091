import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delta, FeedType } from '#lib/contracts/feed.ts';
import { coalesce } from '#lib/server/feed/coalesce.ts';
import { encodeEvent, jsonOf, type EncodedEvent } from '#lib/server/feed/encode.ts';

const made = (
  seq: number,
  key: string,
  rev: number,
  value: unknown,
  type: FeedType = 'import.progressed',
  topic = 'collections',
): EncodedEvent =>
  encodeEvent('ep0ch', {
    seq,
    topic,
    workspaceId: 'w',
    type,
    op: 'upsert',
    key,
    rev,
    scope: 'workspace',
    payload: JSON.stringify(value),
    t: 1_000 + seq,
  });

const deltaOf = (event: EncodedEvent) => JSON.parse(jsonOf(event).toString()) as Delta & { value: unknown };

/** What somebody holds who applies deltas as the protocol says: of one key the highest revision. */
function stateAfter(deltas: readonly Delta[]): Map<string, unknown> {
  const revs = new Map<string, number>();
  const state = new Map<string, unknown>();
  for (const { key, rev, value } of deltas) {
    if (rev < (revs.get(key) ?? -1)) continue;
    revs.set(key, rev);
    state.set(key, value);
  }
  return state;
}

describe('coalesced events', () => {
  it('leave one delta a key under the place of its last change, and say what they stand for', () => {
    const events = [
      made(400, 'm', 4, 'a'),
      made(401, 'other', 1, 'b'),
      made(402, 'm', 5, 'c'),
      made(405, 'm', 6, 'd'),
    ];
    const fewer = coalesce('ep0ch', events);
    expect(fewer.map(({ seq }) => seq)).toEqual([401, 405]);
    expect(fewer[0]).toBe(events[1]);
    expect(fewer[1]?.frame.toString()).toMatch(/^id: ep0ch-405\nevent: delta\ndata: \{[^\n]*\}\n\n$/);
    const last = fewer[1];
    if (last === undefined) throw new Error('no event');
    expect(deltaOf(last)).toMatchObject({ c: 'ep0ch-405', from: 400, coalesced: 3, rev: 6, value: 'd' });
  });

  it('lead to the same state wherever the reader is cut and goes on, also when revisions come out of order', () => {
    const arbitrary = fc.array(
      fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), rev: fc.integer({ min: 0, max: 9 }) }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(arbitrary, fc.nat(), (changes, cutAt) => {
        // Equal revisions of a key are the same change.
        const events = changes.map(({ key, rev }, n) => made(n + 1, key, rev, `${key}${rev}`));
        const fewer = coalesce('ep0ch', events);
        const seqs = fewer.map(({ seq }) => seq);
        expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
        expect(seqs.at(-1)).toBe(events.length);
        const told = fewer.slice(0, cutAt % (fewer.length + 1));
        const cursor = told.at(-1)?.seq ?? 0;
        const rest = events.filter(({ seq }) => seq > cursor);
        expect(stateAfter([...told, ...rest].map(deltaOf))).toEqual(stateAfter(events.map(deltaOf)));
        const folded = fewer.reduce((sum, event) => sum + (deltaOf(event).coalesced ?? 1), 0);
        expect(folded).toBe(events.length);
      }),
    );
  });

  it('of patterns list every pattern that any of them lists, as the last one has it', () => {
    const update = (asOf: number, ids: readonly string[]) => ({
      asOf,
      totals: { n: asOf, successes: 0 },
      leaders: [`leader of ${asOf}`],
      items: ids.map((id) => ({ id, n: asOf })),
      more: 0,
    });
    const [one] = coalesce('ep0ch', [
      made(1, 'leaders', 10, update(10, ['a', 'b']), 'pattern.updated', 'patterns'),
      made(2, 'leaders', 11, update(11, ['b']), 'pattern.updated', 'patterns'),
      made(3, 'leaders', 12, update(12, ['c']), 'pattern.updated', 'patterns'),
    ]);
    if (one === undefined) throw new Error('no event');
    expect(deltaOf(one)).toMatchObject({ from: 1, coalesced: 3, rev: 12 });
    expect(deltaOf(one).value).toEqual({
      ...update(12, []),
      items: [
        { id: 'a', n: 10 },
        { id: 'b', n: 11 },
        { id: 'c', n: 12 },
      ],
    });
  });

  it('of metrics are the last figures, and still name the positions of what was counted', () => {
    const counted = (id: string, position: number) => [{ id, position }];
    const [one] = coalesce('ep0ch', [
      made(1, 'metrics', 1, { asOf: 1, counted: counted('x', 1) }, 'metrics.updated', 'metrics'),
      made(2, 'metrics', 2, { asOf: 2, counted: counted('y', 2) }, 'metrics.updated', 'metrics'),
      made(3, 'metrics', 3, { asOf: 3 }, 'metrics.updated', 'metrics'),
    ]);
    if (one === undefined) throw new Error('no event');
    expect(deltaOf(one).value).toEqual({ asOf: 3, counted: [...counted('x', 1), ...counted('y', 2)] });
  });
});
