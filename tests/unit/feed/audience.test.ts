import { describe, expect, it } from 'vitest';
import type { FeedType } from '#lib/contracts/feed.ts';
import { Audiences } from '#lib/server/feed/audiences.ts';
import { encodeFold, foldEvents } from '#lib/server/feed/coalesce.ts';
import { encodeEvent, type EncodedEvent } from '#lib/server/feed/encode.ts';
import { Ring } from '#lib/server/feed/ring.ts';
import type { Segment } from '#lib/server/feed/segment.ts';

interface Made {
  topic?: string;
  type?: FeedType;
  key?: string;
  scope?: string;
  value?: unknown;
}

const made = (seq: number, { topic, type, key, scope, value }: Made = {}): EncodedEvent =>
  encodeEvent('ep0ch', {
    seq,
    topic: topic ?? 'outcomes',
    workspaceId: 'w',
    type: type ?? 'outcome.recorded',
    op: 'upsert',
    key: key ?? String(seq),
    rev: seq,
    scope: scope ?? 'workspace',
    payload: JSON.stringify(value ?? 'x'.repeat(10)),
    t: 0,
  });

function ringOf(n: number, event: (seq: number) => Made = () => ({})): Ring {
  const ring = new Ring(0);
  for (let seq = 1; seq <= n; seq += 1) ring.push(made(seq, event(seq)));
  return ring;
}

const filterOf = (person?: string, patterns: readonly string[] | null = null) => ({
  patterns,
  workspaceId: 'w',
  topics: ['outcomes', 'system'],
  scopes: person === undefined ? ['workspace'] : ['workspace', `user:${person}`],
});
const seqsOf = (segment: Segment) => segment.events.map(({ seq }) => seq);

describe('an audience', () => {
  it('joins the bytes of a window once, however many read them', () => {
    const ring = ringOf(10, (seq) => ({ topic: seq % 2 === 0 ? 'outcomes' : 'metrics' }));
    const audience = new Audiences(() => undefined).join(filterOf(), false);
    const first = audience.segment(ring, 0, 10);
    expect(audience.segment(ring, 0, 10).bytes).toBe(first.bytes);
    expect(seqsOf(first)).toEqual([2, 4, 6, 8, 10]);
    expect(first.to).toBe(10);
  });

  it('gets everything in pieces of at most 64 KB that meet without a gap', () => {
    const ring = ringOf(400, () => ({ value: 'x'.repeat(1_000) }));
    const audience = new Audiences(() => undefined).join(filterOf(), false);
    const seen: number[] = [];
    for (let from = 0; from < 400;) {
      const segment = audience.segment(ring, from, 400);
      expect(segment.from).toBe(from);
      expect(segment.bytes.length).toBeLessThanOrEqual(64 * 1024);
      seen.push(...seqsOf(segment));
      from = segment.to;
    }
    expect(seen).toEqual(Array.from({ length: 400 }, (_, n) => n + 1));
  });

  it('of people is one for all of the same rights, and what is for one person reaches that person alone', () => {
    let joined = 0;
    const audiences = new Audiences((events) => (joined += events));
    const ring = ringOf(5, (seq) => (seq === 3 || seq === 4 ? { topic: 'system', scope: 'user:ann' } : {}));
    const [ann, bob, key] = ['ann', 'bob', undefined].map((person) =>
      audiences.join(filterOf(person), false),
    );
    if (ann === undefined || bob === undefined || key === undefined) throw new Error('nobody');
    const waiting = new Map<string, Segment>();
    ann.wait({ deliver: (segment) => waiting.set('ann', segment) });
    bob.wait({ deliver: (segment) => waiting.set('bob', segment) });
    key.wait({ deliver: (segment) => waiting.set('key', segment) });
    const show = (from: number, to: number) => {
      waiting.clear();
      for (const shared of audiences.all()) shared.show(ring, from, to);
      return waiting;
    };

    show(0, 2);
    expect(waiting.get('ann')?.bytes).toBe(waiting.get('bob')?.bytes);
    expect(waiting.get('key')?.bytes).toBe(waiting.get('bob')?.bytes);
    expect(joined).toBe(2);
    // A window of nothing but somebody else's is nothing at all.
    expect([...show(2, 3).keys()]).toEqual(['ann']);
    show(3, 5);
    expect([...waiting].map(([who, segment]) => [who, seqsOf(segment)])).toEqual([
      ['ann', [4, 5]],
      ['bob', [5]],
      ['key', [5]],
    ]);
    expect(Buffer.from(waiting.get('ann')?.bytes ?? []).toString()).toContain('id: ep0ch-4\n');
    const sizes = [ann, bob].map((who) => who.measure(ring, 0, { events: 9, bytes: 9_999 }).events);
    expect(sizes).toEqual([5, 3]);
    const all = { from: 0, to: 5 };
    expect(seqsOf(ann.coalesced('ep0ch', ring, all, 0).segment)).toEqual([1, 2, 3, 4, 5]);
    expect(seqsOf(bob.coalesced('ep0ch', ring, all, 0).segment)).toEqual([1, 2, 5]);
  });

  it('gives those who wait what comes after much that is for others alone', () => {
    const audiences = new Audiences(() => undefined);
    const ring = ringOf(102, (seq) =>
      seq === 102
        ? {}
        : { topic: 'system', scope: seq === 101 ? 'user:bob' : 'user:ann', value: 'x'.repeat(1_000) },
    );
    const bob = audiences.join(filterOf('bob'), false);
    const got: number[] = [];
    const waiting = {
      deliver(segment: Segment) {
        got.push(...seqsOf(segment));
        bob.stopWaiting(waiting);
      },
    };
    bob.wait(waiting);
    for (const shared of audiences.all()) shared.show(ring, 0, 102);
    expect(got).toEqual([101, 102]);
  });
});

describe('a stretch for a slow reader', () => {
  it('is told in pieces of at most 64 KB that together are what it comes to', () => {
    const leaders = (seq: number): Made => ({
      topic: 'system',
      type: 'pattern.updated',
      key: 'leaders',
      value: { items: [{ id: `p${seq % 40}`, text: 'x'.repeat(1_000) }] },
    });
    const ring = ringOf(1_500, (seq) => (seq % 2 === 0 ? leaders(seq) : { value: 'x'.repeat(300) }));
    const audience = new Audiences(() => undefined).join(filterOf('ann'), false);
    const stretch = audience.stretch(ring, 0, 1_200);
    const whole = foldEvents(Array.from({ length: stretch.to }, (_, n) => ring.at(n + 1) ?? made(0)));
    const told: string[] = [];
    let folded = 0;
    let pieces = 0;
    for (let after = 0; after < stretch.to; pieces += 1) {
      const piece = audience.coalesced('ep0ch', ring, stretch, after);
      expect(piece.segment.from).toBe(after);
      expect(piece.segment.bytes.length).toBeLessThanOrEqual(64 * 1024);
      told.push(Buffer.from(piece.segment.bytes).toString());
      folded += piece.folded;
      after = piece.segment.to;
    }
    expect(pieces).toBeGreaterThan(3);
    expect(told.join('')).toBe(whole.map((fold) => encodeFold('ep0ch', fold).frame.toString()).join(''));
    expect(folded).toBe(stretch.to - whole.length);
    // Of 600 changes of patterns the forty last ones are left.
    expect(whole.filter(({ event }) => event.key === 'leaders')).toHaveLength(20);
  });

  it('has an event that is larger than a piece to itself', () => {
    const ring = ringOf(3, (seq) => ({ value: 'x'.repeat(seq === 2 ? 200_000 : 10) }));
    const audience = new Audiences(() => undefined).join(filterOf(), false);
    const piece = (after: number) => audience.coalesced('ep0ch', ring, { from: 0, to: 3 }, after).segment;
    expect([0, 1, 2].map((after) => seqsOf(piece(after)))).toEqual([[1], [2], [3]]);
  });
});
