import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delta, FeedType } from '#lib/contracts/feed.ts';
import { encodeFold, foldEvents } from '#lib/server/feed/coalesce.ts';
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
const coalesce = (events: readonly EncodedEvent[]) =>
  foldEvents(events).map((fold) => encodeFold('ep0ch', fold));

interface Listing {
  items?: { id: string; n: number }[];
  counted?: { id: string; position: number }[];
}

/**
 * What somebody holds who applies deltas as the protocol says: of one key the highest revision, of what deltas list the
 * last that was said of each.
 */
function stateAfter(deltas: readonly Delta[]): Map<string, unknown> {
  const revs = new Map<string, number>();
  const state = new Map<string, unknown>();
  for (const { key, rev, value } of deltas) {
    if (rev < (revs.get(key) ?? -1)) continue;
    revs.set(key, rev);
    const { items = [], counted = [], ...rest } = value as Listing;
    state.set(key, rest);
    for (const item of items) state.set(`${key} ${item.id}`, item);
    for (const { id, position } of counted) state.set(`${key} ${id}`, position);
  }
  return state;
}

const ids = (most: number) => fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: most });
const change = fc.oneof(
  fc.record({ kind: fc.constant('thing' as const), key: fc.constantFrom('x', 'y'), ids: ids(0) }),
  fc.record({ kind: fc.constant('outcome' as const), key: fc.constant(''), ids: ids(0) }),
  fc.record({ kind: fc.constant('patterns' as const), key: fc.constant('leaders'), ids: ids(4) }),
  fc.record({ kind: fc.constant('metrics' as const), key: fc.constant('metrics'), ids: ids(4) }),
);
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function eventOf({ kind, key, ids }: Change, rev: number, place: number): EncodedEvent {
  if (kind === 'thing') return made(place, key, rev, { said: `${key}${rev}` });
  if (kind === 'outcome') return made(place, `o${place}`, 1, { said: place }, 'outcome.recorded', 'outcomes');
  if (kind === 'patterns') {
    const value = { asOf: rev, items: ids.map((id) => ({ id, n: place })) };
    return made(place, key, rev, value, 'pattern.updated', 'patterns');
  }
  const counted = ids.length === 0 ? {} : { counted: ids.map((id) => ({ id, position: place })) };
  return made(place, key, rev, { asOf: rev, ...counted }, 'metrics.updated', 'metrics');
}

describe('coalesced events', () => {
  it('leave one delta a key under the place of its last change, and say what they stand for', () => {
    const events = [
      made(400, 'm', 4, 'a'),
      made(401, 'other', 1, 'b'),
      made(402, 'm', 5, 'c'),
      made(405, 'm', 6, 'd'),
    ];
    const fewer = coalesce(events);
    expect(fewer.map(({ seq }) => seq)).toEqual([401, 405]);
    expect(fewer[0]).toBe(events[1]);
    expect(fewer[1]?.frame.toString()).toMatch(/^id: ep0ch-405\nevent: delta\ndata: \{[^\n]*\}\n\n$/);
    const last = fewer[1];
    if (last === undefined) throw new Error('no event');
    expect(deltaOf(last)).toMatchObject({ c: 'ep0ch-405', from: 400, coalesced: 3, rev: 6, value: 'd' });
  });

  it('lead to the same state wherever the reader is cut and goes on, with lists, and revisions that come out of order', () => {
    const changes = fc.array(fc.tuple(change, fc.integer({ min: 0, max: 9 })), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(changes, fc.nat(), (all, cutAt) => {
        // Lists are of one fold, whose revisions never fall.
        const events = all.map(([one, rev], n) =>
          eventOf(one, one.kind === 'thing' ? rev : Math.floor(n / 2), n + 1),
        );
        const fewer = coalesce(events);
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
      { numRuns: 500 },
    );
  });

  it('list each pattern where it was last told of, and leave out deltas that say nothing more', () => {
    const update = (asOf: number, ids: readonly string[]) => ({
      asOf,
      totals: { n: asOf, successes: 0 },
      leaders: [`leader of ${asOf}`],
      items: ids.map((id) => ({ id, n: asOf })),
      more: 0,
    });
    const patterns = (seq: number, asOf: number, ids: readonly string[]) =>
      made(seq, 'leaders', asOf, update(asOf, ids), 'pattern.updated', 'patterns');
    const fewer = coalesce([
      patterns(1, 10, ['a', 'b']),
      patterns(2, 11, ['b', 'd']),
      made(3, 'o', 1, {}, 'outcome.recorded', 'outcomes'),
      patterns(4, 12, ['b', 'c', 'd']),
    ]);
    expect(fewer.map(deltaOf)).toMatchObject([
      { c: 'ep0ch-1', from: 1, coalesced: 1, rev: 10, value: update(10, ['a']) },
      { c: 'ep0ch-3' },
      { c: 'ep0ch-4', from: 2, coalesced: 2, rev: 12, value: update(12, ['b', 'c', 'd']) },
    ]);
  });

  it('of metrics keep those that name positions, each in its place', () => {
    const metrics = (seq: number, id?: string) => {
      const counted = id === undefined ? {} : { counted: [{ id, position: seq }] };
      return made(seq, 'metrics', seq, { asOf: seq, ...counted }, 'metrics.updated', 'metrics');
    };
    const fewer = coalesce([metrics(1, 'x'), metrics(2), metrics(3), metrics(4, 'y'), metrics(5)]);
    expect(fewer.map((event) => deltaOf(event).value)).toEqual([
      { asOf: 1, counted: [{ id: 'x', position: 1 }] },
      { asOf: 4, counted: [{ id: 'y', position: 4 }] },
      { asOf: 5 },
    ]);
  });
});
