import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEED_TOPICS, type FeedTopic } from '#lib/contracts/feed.ts';
import type { ApiScope, WorkspaceInfo } from '#lib/server/context.ts';
import { readHead } from '#lib/server/event-log/index.ts';
import { until } from '../../event-log/support.ts';
import { startFeedServer, type FeedServer, type Key } from '../feed-server.ts';
import { RawReader } from '../raw-reader.ts';

/**
 * Groups 5, 6, 10, 11, 12 and 16: what a client gets that continues after any event, with any topics, under any key, by
 * stream and by poll, is what a SELECT of the outbox says, no more and no less.
 */
const EVENTS = 400;
const TYPES = [
  'outcome.recorded',
  'pattern.updated',
  'metrics.updated',
  'journey.opened',
  'import.progressed',
];
const TOPICS = ['outcomes', 'patterns', 'metrics', 'journeys', 'collections'] as const;

let server: FeedServer;
let workspaces: WorkspaceInfo[];
let keys: Key[];
let epoch: string;

beforeAll(async () => {
  // A small window, so that a replay goes through the ring and, at the other instance, through the outbox.
  server = await startFeedServer({ timings: { futureMs: 200 } });
  workspaces = [await server.addWorkspace('one'), await server.addWorkspace('two')];
  const scopes: ApiScope[][] = [['read'], ['read', 'manage']];
  keys = [];
  for (const workspace of workspaces)
    for (const some of scopes) keys.push(await server.addKey(workspace, some));
  await server.db.sql`
    insert into feed_outbox (workspace_id, topic, type, op, key, rev, scope, payload)
    select (${workspaces.map(({ id }) => id)}::uuid[])[1 + n % 2], (${[...TOPICS]}::text[])[1 + (n * 7) % 5],
      (${TYPES}::text[])[1 + (n * 7) % 5], 'upsert', 'k' || n % 30, n,
      (array['workspace', 'role:admin', 'user:somebody'])[1 + (n * 11) % 3], jsonb_build_object('n', n)
    from generate_series(1, ${EVENTS}) as n`;
  server.doorbell.ringFeed();
  epoch = (await readHead(server.db.sql)).epoch;
  await until(
    () => server.hub.stats().head,
    (head) => head === `${epoch}-${EVENTS}`,
  );
});
afterAll(() => server.stop());

/** The oracle. */
async function selected(key: Key, topics: readonly string[], after: number): Promise<number[]> {
  const scopes = key.scopes.includes('manage') ? ['workspace', 'role:admin'] : ['workspace'];
  const rows = await server.db.sql<{ seq: number }[]>`
    select seq from feed_outbox where workspace_id = ${key.workspace.id} and seq > ${after}
      and topic = any(${topics as string[]}::text[]) and scope = any(${scopes}::text[]) order by seq`;
  return rows.map(({ seq }) => seq);
}

const seqOf = (cursor: unknown) => Number(String(cursor).split('-')[1]);

/** Deltas up to the head, which the first beat or the oracle's last event tells. */
async function streamed(
  url: string,
  key: Key,
  headers: Record<string, string>,
  last: number,
): Promise<number[]> {
  const reader = new RawReader(url, key, { headers });
  await reader.until((r) => r.frames.length > 0 && (last === 0 || seqOf(r.deltas.at(-1)?.id) >= last));
  reader.close();
  for (const { id, json } of reader.deltas) expect(json['c']).toBe(id);
  return reader.deltas.map(({ id }) => seqOf(id));
}

async function polled(url: string, key: Key, headers: Record<string, string>): Promise<number[]> {
  const all: number[] = [];
  let query = url;
  for (;;) {
    const response = await fetch(query, { headers: { authorization: `Bearer ${key.token}`, ...headers } });
    const body = (await response.json()) as { to: string; events: { c: string }[] };
    all.push(...body.events.map(({ c }) => seqOf(c)));
    if (seqOf(body.to) >= EVENTS || body.events.length === 0) return all;
    const next = new URL(query);
    for (const name of ['since', 'last_event_id', 'lastEventId']) next.searchParams.delete(name);
    next.searchParams.set('since', body.to);
    headers = {};
    query = next.href;
  }
}

const ways = ['header', 'since', 'last_event_id', 'lastEventId', 'header over since'] as const;
type Way = (typeof ways)[number];

function request(base: string, topics: readonly string[], cursor: string, way: Way) {
  const url = new URL(base);
  url.searchParams.set('wait', '0');
  if (topics.length < FEED_TOPICS.length) url.searchParams.set('topics', topics.join(','));
  if (way === 'header over since') url.searchParams.set('since', `${epoch}-0`);
  else if (way !== 'header') url.searchParams.set(way, cursor);
  const headers: Record<string, string> = way.startsWith('header') ? { 'last-event-id': cursor } : {};
  return { url: url.href, headers };
}

const asked = fc.record({
  k: fc.integer({ min: 0, max: EVENTS }),
  topics: fc.oneof(
    fc.subarray<FeedTopic>([...TOPICS], { minLength: 1 }),
    fc.constant<FeedTopic[]>([...FEED_TOPICS]),
  ),
  key: fc.nat({ max: 3 }),
  way: fc.constantFrom(...ways),
});

function keyAt(n: number): Key {
  const key = keys[n];
  if (key === undefined) throw new RangeError(`There is no key ${n}.`);
  return key;
}

describe('continuing after any event', () => {
  it('gives by stream and by poll exactly what a SELECT gives', async () => {
    await fc.assert(
      fc.asyncProperty(asked, async ({ k, topics, key: n, way }) => {
        const key = keyAt(n);
        const expected = await selected(key, topics, k);
        const { url, headers } = request(server.url, topics, `${epoch}-${k}`, way);
        expect(await streamed(url, key, headers, expected.at(-1) ?? 0)).toEqual(expected);
        expect(await polled(url.replace('/feed?', '/feed/poll?'), key, headers)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('gives the same at an instance that has just started and must read the outbox', async () => {
    const other = await startFeedServer({ db: server.db, sequence: false });
    try {
      const own = await Promise.all(workspaces.map((workspace) => other.addKey(workspace)));
      await fc.assert(
        fc.asyncProperty(asked, async ({ k, topics, key: n, way }) => {
          const key = own[n % 2];
          if (key === undefined) return;
          const expected = await selected(key, topics, k);
          const { url, headers } = request(other.url, topics, `${epoch}-${k}`, way);
          expect(await streamed(url, key, headers, expected.at(-1) ?? 0)).toEqual(expected);
          expect(await polled(url.replace('/feed?', '/feed/poll?'), key, headers)).toEqual(expected);
        }),
        { numRuns: 60 },
      );
    } finally {
      await other.stop();
    }
  });

  it('says hello with the cursor that it continues from, so that a cut right after it loses nothing', async () => {
    const key = keyAt(0);
    const all = await selected(key, FEED_TOPICS, 0);
    let cursor = `${epoch}-0`;
    for (let cut = 0; cut < 20; cut += 1) {
      const first = await new RawReader(server.url, key, { headers: { 'last-event-id': cursor } }).until(
        (r) => r.frames.length > 0,
      );
      first.close();
      expect(first.frames[0]).toMatchObject({ event: 'hello', id: cursor, json: { from: cursor } });
      cursor = first.frames[0]?.id ?? '';
    }
    expect(await streamed(server.url, key, { 'last-event-id': cursor }, all.at(-1) ?? 0)).toEqual(all);
  });
});

describe('any text as a cursor', () => {
  it('is answered by 200 and a reset, or is one', async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.stringMatching(/^[a-z0-9]{1,20}-[0-9]{0,20}$/),
      fc.constantFrom(
        `${epoch}-`,
        `${epoch}-1e3`,
        `${epoch}-0x1`,
        `${epoch}--1`,
        `${epoch}-9007199254740993`,
      ),
      fc.constantFrom(`${epoch}-9999999999999999`, `${epoch}-1 `, `${epoch}-1\n`, `x${epoch}-1`),
    );
    const reasons = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(text, async (cursor) => {
        fc.pre(cursor !== '' && !new RegExp(`^${epoch}-0*[0-9]{1,3}$`).test(cursor));
        const reader = await new RawReader(
          `${server.url}?since=${encodeURIComponent(cursor)}`,
          keyAt(0),
        ).until((r) => r.of('live').length > 0);
        reader.close();
        expect(reader.status).toBe(200);
        const [hello, reset, live] = reader.frames;
        expect([hello?.event, reset?.event, live?.event]).toEqual(['hello', 'reset', 'live']);
        reasons.add(reset?.json['reason']);
      }),
      { numRuns: 150 },
    );
    expect([...reasons].every((reason) => ['bad-cursor', 'epoch', 'future'].includes(String(reason)))).toBe(
      true,
    );
  });
});
