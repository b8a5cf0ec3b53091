import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CURSOR, FEED_EVENTS } from '#lib/contracts/feed.ts';
import { readCursor } from '#lib/server/event-log/index.ts';
import type { WorkspaceInfo } from '#lib/server/context.ts';
import { appendNotes, until } from '../event-log/support.ts';
import { startFeedServer, type FeedServer, type Key } from './feed-server.ts';
import { RawReader } from './raw-reader.ts';

let server: FeedServer;
let workspace: WorkspaceInfo;
let other: WorkspaceInfo;
let key: Key;
let otherKey: Key;
let count = 0;

beforeAll(async () => {
  server = await startFeedServer({ timings: { futureMs: 300 } });
  workspace = await server.addWorkspace('one');
  other = await server.addWorkspace('two');
  key = await server.addKey(workspace);
  otherKey = await server.addKey(other);
});
afterAll(() => server.stop());

const nextKey = () => `k${(count += 1)}`;

async function publish(
  n: number,
  more: Parameters<typeof appendNotes>[3] = {},
  where = workspace,
): Promise<string[]> {
  const keys = Array.from({ length: n }, nextKey);
  await appendNotes(server.db.sql, where.id, keys, { type: 'import.progressed', ...more });
  server.doorbell.ringFeed();
  return keys;
}

const read = (query = '', options: ConstructorParameters<typeof RawReader>[2] = {}, as = key) =>
  new RawReader(`${server.url}?${query}`, as, options);

describe('a stream', () => {
  it('begins with hello at the head within 100 ms of an idle feed, with exact headers', async () => {
    let reader = await read().until((r) => r.frames.length > 0);
    // What the feed takes is the least of some; whatever else this machine does comes on top.
    let leastMs = Infinity;
    for (let n = 0; n < 5; n += 1) {
      reader.close();
      reader = await read().until((r) => r.frames.length > 0);
      leastMs = Math.min(leastMs, reader.firstByteMs ?? Infinity);
    }
    expect(leastMs).toBeLessThan(100);
    expect(reader.status).toBe(200);
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-feed-resume': 'fresh',
    });
    expect(reader.headers['content-encoding']).toBeUndefined();
    const [hello] = reader.frames;
    const cursor = await readCursor(server.db.sql);
    expect(hello).toMatchObject({
      event: 'hello',
      id: cursor,
      retry: 2_000,
      json: { v: 1, resume: 'fresh', from: cursor, head: cursor, hb: 15 },
    });
    reader.close();
  });

  it('delivers what is committed, in order, with ids that are their cursors', async () => {
    const reader = await read().until((r) => r.frames.length > 0);
    const keys = await publish(50);
    await reader.until((r) => r.deltas.length === 50);
    expect(reader.keys()).toEqual(keys);
    const ids = reader.deltas.map((frame) => frame.id ?? '');
    for (const frame of reader.deltas) expect(frame.json['c']).toBe(frame.id);
    const seqs = ids.map((id) => Number(id.split('-')[1]));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(50);
    for (const frame of reader.frames) {
      expect(FEED_EVENTS).toContain(frame.event);
      if (frame.id !== undefined) expect(frame.id).toMatch(CURSOR);
    }
    reader.close();
  });

  it('resumes after each of 200 events without a miss or a repeat, by header, since and aliases', async () => {
    const start = await readCursor(server.db.sql);
    const keys = await publish(200);
    const all = await read(`since=${start}`).until((r) => r.deltas.length === 200);
    expect(all.headers['x-feed-resume']).toBe('ok');
    all.close();
    const cursors = [start, ...all.deltas.map((frame) => frame.id ?? '')];
    const ways = [
      (c: string) => read('', { headers: { 'last-event-id': c } }),
      (c: string) => read(`since=${c}`),
      (c: string) => read(`last_event_id=${c}`),
      (c: string) => read(`lastEventId=${c}`),
      (c: string) => read(`since=${start}`, { headers: { 'last-event-id': c } }),
    ];
    for (const [k, cursor] of cursors.entries()) {
      const reader = ways[k % ways.length]?.(cursor);
      await reader?.until((r) => r.frames.length > 200 - k);
      expect(reader?.frames[0]).toMatchObject({
        event: 'hello',
        id: cursor,
        json: { resume: 'ok', from: cursor },
      });
      expect(reader?.keys()).toEqual(keys.slice(k));
      reader?.close();
    }
  });

  it('resumes npm eventsource after every event, cut by the client and reopened, without a miss or a repeat', async () => {
    let cursor = await readCursor(server.db.sql);
    const keys = await publish(200);
    const seen: string[] = [];
    while (seen.length < keys.length) {
      const source = new EventSource(`${server.url}?since=${cursor}`, {
        fetch: (url, init) =>
          fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${key.token}` } }),
      });
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no event')), 20_000);
        source.addEventListener('delta', (event) => {
          // Closed after the first: what else was in the same write is not looked at, as after a cut.
          if (source.readyState === EventSource.CLOSED) return;
          const delta = JSON.parse(event.data) as { key: string; c: string };
          seen.push(delta.key);
          cursor = event.lastEventId;
          expect(event.lastEventId).toBe(delta.c);
          source.close();
          clearTimeout(timer);
          resolve();
        });
      });
    }
    expect(seen).toEqual(keys);
  });

  it('lets npm eventsource reconnect by itself when the server cuts it, without a miss or a repeat', async () => {
    const seen: string[] = [];
    const source = new EventSource(`${server.url}`, {
      fetch: (url, init) =>
        fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${key.token}` } }),
    });
    source.addEventListener('delta', (event) => seen.push((JSON.parse(event.data) as { key: string }).key));
    await until(
      () => source.readyState,
      (state) => state === EventSource.OPEN,
    );
    const keys: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      keys.push(...(await publish(20)));
      server.http.closeAllConnections();
      keys.push(...(await publish(20)));
      await until(
        () => seen.length,
        (length) => length >= keys.length,
      );
    }
    expect(seen).toEqual(keys);
    source.close();
  });

  it('shows only the topics asked for', async () => {
    const reader = await read('topics=collections').until((r) => r.frames.length > 0);
    expect(reader.frames[0]?.json['topics']).toEqual(['collections']);
    await publish(3, { type: 'workspace.changed' });
    const keys = await publish(2);
    await reader.until((r) => r.deltas.length === 2);
    expect(reader.keys()).toEqual(keys);
    reader.close();
  });

  it('shows nothing of another workspace, live or replayed', async () => {
    const start = await readCursor(server.db.sql);
    const mine = await read().until((r) => r.frames.length > 0);
    await publish(5, {}, other);
    const keys = await publish(1);
    await mine.until((r) => r.deltas.length > 0);
    expect(mine.keys()).toEqual(keys);
    const replay = await read(`since=${start}`).until((r) => r.deltas.length > 0);
    expect(replay.keys()).toEqual(keys);
    const theirs = await read(`since=${start}`, {}, otherKey).until((r) => r.deltas.length === 5);
    expect(theirs.keys()).not.toContain(keys[0]);
    for (const reader of [mine, replay, theirs]) reader.close();
  });

  it('shows events for admins and for one person to nobody else, live or replayed', async () => {
    const admin = await server.addKey(workspace, ['read', 'manage']);
    const start = await readCursor(server.db.sql);
    const plain = await read().until((r) => r.frames.length > 0);
    const managing = await read('', {}, admin).until((r) => r.frames.length > 0);
    const forAdmins = await publish(1, { scope: 'role:admin' });
    await publish(1, { scope: 'user:somebody' });
    const forAll = await publish(1);
    await managing.until((r) => r.deltas.length === 2);
    await plain.until((r) => r.deltas.length === 1);
    expect(managing.keys()).toEqual([...forAdmins, ...forAll]);
    expect(plain.keys()).toEqual(forAll);
    const replayed = await read(`since=${start}`).until((r) => r.deltas.length === 1);
    expect(replayed.keys()).toEqual(forAll);
    for (const reader of [plain, managing, replayed]) reader.close();
  });

  it('changes nothing but the name of the event with compat=1', async () => {
    const start = await readCursor(server.db.sql);
    await server.db.sql`
      insert into feed_outbox (workspace_id, topic, type, op, key, rev, payload) values
        (${workspace.id}, 'outcomes', 'outcome.recorded', 'upsert', 'o', 1, '{"id":"o"}'),
        (${workspace.id}, 'metrics', 'metrics.updated', 'upsert', 'm', 2, '{"asOf":2}'),
        (${workspace.id}, 'patterns', 'pattern.updated', 'upsert', 'p', 2, '{"asOf":2}'),
        (${workspace.id}, 'system', 'workspace.changed', 'upsert', 'w', 2, '{}')`;
    server.doorbell.ringFeed();
    const plain = await read(`since=${start}`).until((r) => r.deltas.length === 4);
    const compat = await read(`since=${start}&compat=1`).until((r) => r.frames.length === 5);
    expect(compat.frames.slice(1).map((frame) => frame.event)).toEqual([
      'outcome_recorded',
      'conversion_update',
      'pattern_update',
      'delta',
    ]);
    expect(compat.frames.slice(1).map((frame) => frame.data)).toEqual(
      plain.frames.slice(1).map((frame) => frame.data),
    );
    plain.close();
    compat.close();
  });

  it('refuses an unknown topic with 400 and answers HEAD without a body', async () => {
    const bad = await read('topics=outcomes,nonsense').until((r) => r.ended);
    expect(bad.status).toBe(400);
    expect(bad.headers['content-type']).toBe('application/problem+json');
    const head = await read('', { method: 'HEAD' }).until((r) => r.ended);
    expect(head.status).toBe(200);
    expect(head.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(server.hub.stats().streams).toBe(0);
  });
});

describe('a reset', () => {
  const resetOf = async (query: string) => {
    const reader = await read(query).until((r) => r.of('live').length > 0);
    expect(reader.headers['x-feed-resume']).toBe('reset');
    const head = await readCursor(server.db.sql);
    expect(reader.of('reset')[0]?.id).toBeUndefined();
    expect(reader.of('live')[0]).toMatchObject({ id: head, json: { c: head } });
    const keys = await publish(1);
    await reader.until((r) => r.deltas.length === 1);
    expect(reader.keys()).toEqual(keys);
    reader.close();
    return { hello: reader.frames[0], reason: reader.of('reset')[0]?.json['reason'] };
  };

  it('answers what was never a cursor, however long, with bad-cursor and echoes nothing of it', async () => {
    for (const cursor of [
      'garbage',
      'x'.repeat(5_000),
      'abcd-',
      '-5',
      'ABCD-5',
      encodeURIComponent('a\nid: 5'),
    ]) {
      const { hello, reason } = await resetOf(`since=${cursor}`);
      expect(reason).toBe('bad-cursor');
      expect(hello?.id).toBeUndefined();
    }
  });

  it('answers a cursor of another epoch with epoch, saying hello with it again', async () => {
    expect(await resetOf('since=0000zzzz-5')).toMatchObject({ reason: 'epoch', hello: { id: '0000zzzz-5' } });
  });

  it('answers a cursor beyond the head with future', async () => {
    const epoch = (await readCursor(server.db.sql)).split('-')[0];
    expect((await resetOf(`since=${epoch}-999999999`)).reason).toBe('future');
  });

  it('answers a cursor older than what is kept with expired, and more than 5,000 missed events with too-much', async () => {
    const start = await readCursor(server.db.sql);
    await publish(5_001);
    await until(
      () => readCursor(server.db.sql),
      (cursor) => Number(cursor.split('-')[1]) >= Number(start.split('-')[1]) + 5_001,
    );
    await until(
      () => server.hub.stats().head,
      (head) => Number(head.split('-')[1]) >= Number(start.split('-')[1]) + 5_001,
    );
    expect((await resetOf(`since=${start}`)).reason).toBe('too-much');
    // Filtered out, the same events are no reason: the cap counts what would be delivered.
    const filtered = await read(`since=${start}&topics=system`).until((r) => r.frames.length > 0);
    expect(filtered.headers['x-feed-resume']).toBe('ok');
    filtered.close();
    await server.db.sql`delete from feed_outbox where seq <= ${Number(start.split('-')[1])}`;
    const restarted = await startFeedServer({ db: server.db, sequence: false });
    try {
      const mine = await restarted.addKey(workspace);
      const epoch = start.split('-')[0];
      const gone = await new RawReader(`${restarted.url}?since=${epoch}-0`, mine).until(
        (r) => r.of('live').length > 0,
      );
      expect(gone.of('reset')[0]?.json).toMatchObject({
        reason: 'expired',
        oldest: `${epoch}-${Number(start.split('-')[1]) + 1}`,
      });
      gone.close();
    } finally {
      await restarted.stop();
    }
  });
});

describe('a process that has just started', () => {
  it('replays from the outbox what is older than its memory, without a miss or a repeat, while events keep coming', async () => {
    const start = await readCursor(server.db.sql);
    const before = await publish(700);
    await until(
      () => readCursor(server.db.sql),
      (cursor) => Number(cursor.split('-')[1]) >= Number(start.split('-')[1]) + 700,
    );
    const restarted = await startFeedServer({ db: server.db, sequence: false });
    try {
      const mine = await restarted.addKey(workspace);
      const reader = new RawReader(`${restarted.url}?since=${start}`, mine);
      const during = await publish(50);
      await reader.until((r) => r.deltas.length >= 750);
      expect(reader.keys()).toEqual([...before, ...during]);
      reader.close();
    } finally {
      await restarted.stop();
    }
  });

  it('waits for events that the client has seen elsewhere already', async () => {
    const late = await startFeedServer({
      db: server.db,
      sequence: false,
      deaf: true,
      timings: { pollMs: 1_500, futureMs: 10_000 },
    });
    try {
      const mine = await late.addKey(workspace);
      const before = late.hub.stats().head;
      await publish(3);
      const cursor = await until(
        () => readCursor(server.db.sql),
        (c) => c !== before,
      );
      expect(late.hub.stats().head).toBe(before);
      const reader = await new RawReader(`${late.url}?since=${cursor}`, mine).until(
        (r) => r.frames.length > 0,
      );
      expect(reader.headers['x-feed-resume']).toBe('ok');
      expect(reader.frames[0]?.json['head']).toBe(cursor);
      reader.close();
    } finally {
      await late.stop();
    }
  });
});

describe('polling', () => {
  it('gives the same deltas with the same cursors as the stream, and waits for the next', async () => {
    const start = await readCursor(server.db.sql);
    await publish(30);
    const stream = await read(`since=${start}`).until((r) => r.deltas.length === 30);
    stream.close();
    const poll = async (query: string) => {
      const response = await fetch(`${server.url}/poll?${query}`, {
        headers: { authorization: `Bearer ${key.token}` },
      });
      expect(response.status).toBe(200);
      return (await response.json()) as {
        from: string;
        to: string;
        events: { c: string; key: string }[];
        reset?: { reason: string };
      };
    };
    const first = await poll(`since=${start}`);
    expect(first.from).toBe(start);
    expect(first.events).toEqual(stream.deltas.map((frame) => frame.json));
    expect(first.to).toBe(first.events.at(-1)?.c);
    const waiting = poll(`since=${first.to}&wait=5`);
    const [next] = await publish(1);
    expect((await waiting).events.map((event) => event.key)).toEqual([next]);
    expect((await poll(`since=${(await waiting).to}&wait=0`)).events).toEqual([]);
    expect((await poll('since=nonsense')).reset?.reason).toBe('bad-cursor');
  });
});
