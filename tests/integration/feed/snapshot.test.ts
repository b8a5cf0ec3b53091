import { afterEach, describe, expect, it } from 'vitest';
import type { FeedSnapshot, SnapshotFigures, SnapshotPart } from '#lib/server/app.ts';
import type { WorkspaceInfo } from '#lib/server/context.ts';
import { AppError } from '#lib/server/errors.ts';
import { readCursor, readHead } from '#lib/server/event-log/index.ts';
import { appendNotes, until } from '../event-log/support.ts';
import { startFeedServer, type FeedServer, type FeedServerOptions, type Key } from './feed-server.ts';
import { RawReader } from './raw-reader.ts';

let server: FeedServer;
let workspace: WorkspaceInfo;
let key: Key;
let built = 0;
let failing = false;
let figures: SnapshotFigures | null = null;
let held: Promise<void> = Promise.resolve();
/** Sources at work now, and the most there were at once. */
let running = 0;
let mostRunning = 0;

/** Twenty things of 8 KB, so that a snapshot has several chunks. */
const things = (size = 8_000): SnapshotPart => ({
  type: 'import.progressed',
  items: Array.from({ length: 20 }, (_, n) => ({
    key: `thing/${n}`,
    rev: n,
    value: { id: `\u2028\n${'x'.repeat(size)}` } as never,
  })),
});

/** A pattern of each of these ids. */
const patternsOf = (ids: readonly string[]): SnapshotPart => ({
  type: 'pattern.updated',
  items: [{ key: 'leaders', rev: 7, value: { leaders: [], items: ids.map((id) => ({ id })) } as never }],
});
const metrics: SnapshotPart = {
  type: 'metrics.updated',
  items: [{ key: 'metrics', rev: 7, value: { asOf: 7 } as never }],
};
const madeFigures: SnapshotFigures = {
  parts: async () => [patternsOf(['p_leaderleader']), metrics],
  chosen: async (ids) => patternsOf(ids),
};

async function start(options: FeedServerOptions = {}): Promise<void> {
  built = 0;
  mostRunning = 0;
  failing = false;
  figures = null;
  held = Promise.resolve();
  server = await startFeedServer({
    snapshots: async ({ topics }): Promise<FeedSnapshot> => {
      built += 1;
      running += 1;
      mostRunning = Math.max(mostRunning, running);
      await held;
      running -= 1;
      if (failing) throw new AppError('UNAVAILABLE', 'not now', { retryAfterSeconds: 2 });
      return {
        ...(await readHead(server.db.sql)),
        parts: topics.includes('collections') ? [things()] : [],
        figures,
      };
    },
    ...options,
  });
  workspace = await server.addWorkspace('one');
  key = await server.addKey(workspace);
}
afterEach(() => server.stop());

/** Lets what asks for a snapshot wait until the given release. */
function hold(): () => void {
  let release: () => void = () => undefined;
  held = new Promise((resolve) => (release = resolve));
  return release;
}
const read = (query = '') => new RawReader(`${server.url}?${query}`, key);
const events = (reader: RawReader) => reader.frames.map((frame) => frame.event);
const seqOf = (cursor: unknown) => Number(String(cursor).split('-')[1]);

async function publish(n: number): Promise<void> {
  const keys = Array.from({ length: n }, (_, i) => `k${i}`);
  await appendNotes(server.db.sql, workspace.id, keys, { type: 'import.progressed' });
  server.doorbell.ringFeed();
}
const seen = async (seq: number) =>
  until(
    () => server.hub.stats().head,
    (head) => seqOf(head) >= seq,
  );

describe('a snapshot', () => {
  it('comes between reset and live, in chunks of 64 KB without an id, and deltas follow', async () => {
    await start();
    const reader = await read('since=nonsense').until((r) => r.of('live').length > 0);
    await publish(1);
    await reader.until((r) => r.deltas.length === 1);
    const chunks = reader.of('snapshot');
    expect(chunks.length).toBeGreaterThan(1);
    expect(events(reader)).toEqual(['hello', 'reset', ...chunks.map(() => 'snapshot'), 'live', 'delta']);
    for (const [index, chunk] of chunks.entries()) {
      expect(chunk.id).toBeUndefined();
      expect(Buffer.byteLength(chunk.data)).toBeLessThanOrEqual(64 * 1024);
      expect(chunk.json).toMatchObject({
        topic: 'collections',
        type: 'import.progressed',
        part: index + 1,
        of: chunks.length,
      });
    }
    expect(chunks.flatMap((chunk) => chunk.json['items'])).toEqual(things().items);
    const live = reader.of('live')[0];
    expect(live?.json['c']).toBe(live?.id);
    expect(reader.of('reset')[0]?.json['head']).toBe(live?.id);
    reader.close();
  });

  it('comes when it is asked for: never, after a reset, or always', async () => {
    await start();
    const never = await read('since=nonsense&snapshot=never').until((r) => r.of('live').length > 0);
    expect(events(never)).toEqual(['hello', 'reset', 'live']);
    const auto = await read('snapshot=auto').until((r) => r.frames.length > 0);
    const always = await read('snapshot=always').until((r) => r.of('live').length > 0);
    await publish(1);
    await auto.until((r) => r.deltas.length === 1);
    await always.until((r) => r.deltas.length === 1);
    expect(events(auto)).toEqual(['hello', 'delta']);
    expect(always.of('snapshot').length).toBeGreaterThan(1);
    // Nothing to continue from before it is complete.
    expect(always.frames[0]?.id).toBeUndefined();
    const bad = await read('snapshot=sometimes').until((r) => r.ended);
    expect(bad.status).toBe(400);
    for (const reader of [never, auto, always]) reader.close();
  });

  it('that a client with a cursor asks for comes after what it missed, and takes nothing away', async () => {
    await start();
    const cursor = await readCursor(server.db.sql);
    await publish(30);
    await seen(30);
    const reader = await read(`since=${cursor}&snapshot=always`).until((r) => r.of('live').length > 0);
    expect(events(reader).slice(0, 32)).toEqual(['hello', ...Array<string>(30).fill('delta'), 'snapshot']);
    expect(reader.of('live')[0]?.id).toBe(reader.deltas.at(-1)?.id);
    reader.close();
  });

  it('of a topic that is new comes alone, after what was missed of all, and all of them after a reset', async () => {
    await start();
    const cursor = await readCursor(server.db.sql);
    await publish(3);
    await seen(3);
    const query = 'topics=collections,outcomes&snapshot=';
    const added = await read(`since=${cursor}&${query}outcomes`).until((r) => r.of('live').length > 0);
    expect(events(added)).toEqual(['hello', 'delta', 'delta', 'delta', 'live']);
    const both = await read(`since=${cursor}&${query}outcomes,collections`).until(
      (r) => r.of('live').length > 0,
    );
    expect(both.of('snapshot').length).toBeGreaterThan(1);
    const reset = await read(`since=nonsense&${query}outcomes`).until((r) => r.of('live').length > 0);
    expect(reset.of('snapshot').length).toBeGreaterThan(1);
    for (const wrong of ['alerts', 'always,outcomes']) {
      const refused = await read(`${query}${wrong}`).until((r) => r.ended);
      expect(refused.status).toBe(400);
    }
    for (const reader of [added, both, reset]) reader.close();
  });

  it('that was cut is reset again, because nothing before live has an id to continue from', async () => {
    await start();
    const release = hold();
    const stale = 'zzzz0000-5';
    const cut = await read(`since=${stale}`).until((r) => r.frames.length === 1);
    expect(cut.frames[0]?.id).toBe(stale);
    cut.close();
    release();
    const again = await read(`since=${stale}`).until((r) => r.of('live').length === 1);
    expect(again.of('reset')).toHaveLength(1);
    const before = again.frames.slice(1, -1);
    for (const frame of before) expect(frame.id).toBeUndefined();
    again.close();
  });

  it('misses nothing and repeats nothing while events keep coming', async () => {
    await start();
    let writing = true;
    const writer = (async () => {
      while (writing) await publish(5);
    })();
    const readers = await Promise.all(
      Array.from({ length: 20 }, () => read('since=nonsense').until((r) => r.deltas.length > 50)),
    );
    writing = false;
    await writer;
    for (const reader of readers) {
      const asOf = seqOf(reader.of('live')[0]?.id);
      const seqs = reader.deltas.map((frame) => seqOf(frame.id));
      expect(seqs).toEqual(seqs.map((_, index) => asOf + 1 + index));
      reader.close();
    }
  });

  it('is shared by a storm of a thousand', async () => {
    await start();
    const readers = await Promise.all(
      Array.from({ length: 1_000 }, () =>
        read('since=nonsense').until((r) => r.of('live').length > 0, 30_000),
      ),
    );
    console.info(`1,000 resets at once: ${built} snapshots built`);
    expect(built).toBeLessThan(100);
    expect(server.hub.stats().snapshots).toEqual({ built, sent: 1_000 });
    for (const reader of readers) reader.close();
  });

  it('is read once for all who choose patterns, whatever they choose, and differs by these alone', async () => {
    await start();
    figures = madeFigures;
    const release = hold();
    const choices = Array.from({ length: 50 }, (_, n) => [
      `p_${String(n).padStart(12, '0')}`,
      'p_every0000000',
    ]);
    const query = 'since=nonsense&topics=collections,metrics,patterns';
    const opened = [query, ...choices.map((ids) => `${query}&patterns=${ids.join()}`)].map((each) =>
      read(each).until((r) => r.of('live').length > 0),
    );
    await until(
      () => server.hub.stats().opened.stream,
      (streams) => streams === opened.length,
    );
    release();
    const [all, ...chosen] = await Promise.all(opened);
    expect(server.hub.stats().snapshots).toEqual({ built: 1, sent: 51 });
    expect(built).toBe(1);
    const after = (reader: RawReader | undefined) =>
      reader?.text.slice(reader.text.indexOf('event: reset')) ?? '';
    const parts = [...things().items.map(({ key: name }) => name), 'leaders', 'metrics'];
    expect(
      all?.of('snapshot').flatMap(({ json }) => (json['items'] as { key: string }[]).map((item) => item.key)),
    ).toEqual(parts);
    const chunk = (ids: readonly string[]) =>
      `{"topic":"patterns","type":"pattern.updated","part":1,"of":1,"items":${JSON.stringify(patternsOf(ids).items)}}`;
    const leaders = chunk(['p_leaderleader']);
    expect(after(all)).toContain(leaders);
    for (const [n, reader] of chosen.entries())
      expect(after(reader)).toBe(after(all).replace(leaders, chunk(choices[n] ?? [])));
    const headers = { authorization: `Bearer ${key.token}` };
    const poll = await fetch(`${server.url}/poll?${query}&patterns=${choices[0]?.join()}`, { headers });
    const { snapshot } = (await poll.json()) as { snapshot: unknown[] };
    expect(snapshot).toEqual(chosen[0]?.of('snapshot').map(({ json }) => json));
    for (const reader of [all, ...chosen]) reader?.close();
  });

  it('is one of few that are read at the same time, whatever they are about', async () => {
    await start();
    const release = hold();
    const names = ['outcomes', 'journeys', 'collections', 'system', 'metrics'];
    const sets = Array.from({ length: 31 }, (_, n) =>
      names.filter((_name, bit) => ((n + 1) >> bit) % 2 === 1),
    );
    const opened = sets.map((topics) =>
      read(`snapshot=always&topics=${topics.join()}`).until((r) => r.of('live').length > 0),
    );
    await until(
      () => server.hub.stats().opened.stream,
      (streams) => streams === sets.length,
    );
    expect(running).toBe(4);
    release();
    for (const reader of await Promise.all(opened)) reader.close();
    expect([mostRunning, built]).toEqual([4, sets.length]);
  });

  it('that cannot be made sends the client away for a while, and a poll gets 503', async () => {
    await start();
    failing = true;
    const reader = await read('since=nonsense').until((r) => r.ended);
    expect(events(reader)).toEqual(['hello', 'goaway']);
    expect(reader.of('goaway')[0]?.json['reason']).toBe('too-many');
    const headers = { authorization: `Bearer ${key.token}` };
    const poll = await fetch(`${server.url}/poll?since=nonsense`, { headers });
    expect(poll.status).toBe(503);
    expect(poll.headers.get('retry-after')).toBe('2');
  });
});

describe('a poll', () => {
  const poll = async (query: string) => {
    const headers = { authorization: `Bearer ${key.token}` };
    return (await (await fetch(`${server.url}/poll?${query}`, { headers })).json()) as {
      from: string;
      to: string;
      events: { c: string }[];
      reset?: { reason: string; head: string };
      snapshot?: { items: unknown[] }[];
    };
  };

  it('has the same snapshot as the stream, after a reset or when asked for', async () => {
    await start();
    const cursor = await readCursor(server.db.sql);
    await publish(10);
    await seen(10);
    const reset = await poll('since=nonsense&wait=0');
    expect(reset).toMatchObject({ events: [], reset: { reason: 'bad-cursor', head: reset.to } });
    expect(reset.snapshot?.flatMap((chunk) => chunk.items)).toEqual(things().items);
    expect((await poll('since=nonsense&wait=0&snapshot=never')).snapshot).toBeUndefined();
    const asked = await poll(`since=${cursor}&snapshot=always&wait=0`);
    expect(asked).toMatchObject({ from: cursor, to: reset.to });
    expect(asked.events).toHaveLength(10);
    expect(asked.snapshot).toBeDefined();
    const some = await poll(`since=${cursor}&snapshot=outcomes&wait=0`);
    expect([some.events.length, some.snapshot]).toEqual([10, []]);
    expect(await poll('snapshot=always&wait=0')).toMatchObject({ events: [], to: reset.to });
  });

  it('has in one answer whatever may be replayed, not a window at a time', async () => {
    await start();
    const cursor = await readCursor(server.db.sql);
    await appendNotes(
      server.db.sql,
      workspace.id,
      Array.from({ length: 40 }, (_, n) => `big${n}`),
      { type: 'import.progressed', value: { id: 'x'.repeat(50_000) } },
    );
    server.doorbell.ringFeed();
    await seen(40);
    const first = await poll(`since=${cursor}&wait=0`);
    expect(first.events).toHaveLength(40);
    expect(first.to).toBe(first.events.at(-1)?.c);
  });

  it('of HEAD answers at once', async () => {
    await start();
    const begun = performance.now();
    const head = await fetch(`${server.url}/poll`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${key.token}` },
    });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
