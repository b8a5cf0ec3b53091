import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '#lib/server/errors.ts';
import { readCursor } from '#lib/server/event-log/index.ts';
import type { WorkspaceInfo } from '#lib/server/context.ts';
import { appendNotes, until } from '../event-log/support.ts';
import { startFeedServer, type FeedServer, type FeedServerOptions, type Key } from './feed-server.ts';
import { RawReader } from './raw-reader.ts';

let server: FeedServer;
let workspace: WorkspaceInfo;
let key: Key;

async function start(options: FeedServerOptions = {}): Promise<void> {
  server = await startFeedServer(options);
  workspace = await server.addWorkspace('one');
  key = await server.addKey(workspace);
}
afterEach(() => server.stop());

const read = (query = '', as = key) => new RawReader(`${server.url}?${query}`, as);
const opened = (query = '', as = key) => read(query, as).until((r) => r.frames.length > 0);
const noStreams = () =>
  until(
    () => server.hub.stats().streams,
    (streams) => streams === 0,
  );

async function publish(
  n: number,
  value: unknown = { id: 'x' },
  type: 'import.progressed' | 'workspace.changed' = 'import.progressed',
) {
  await appendNotes(
    server.db.sql,
    workspace.id,
    Array.from({ length: n }, (_, i) => `k${i}`),
    { type, value },
  );
  server.doorbell.ringFeed();
}

const seqOf = (cursor: unknown) => Number(String(cursor).split('-')[1]);

describe('the cursor event', () => {
  it('comes with data and an id, and moves a client along past events it does not see', async () => {
    await start({ timings: { beatMs: 400 } });
    const reader = await opened('topics=alerts');
    const from = seqOf(reader.frames[0]?.id);
    await publish(40);
    await until(
      () => readCursor(server.db.sql),
      (cursor) => seqOf(cursor) === from + 40,
    );
    await reader.until((r) => r.of('cursor').some((frame) => seqOf(frame.id) === from + 40));
    for (const frame of reader.of('cursor')) expect(frame.json['c']).toBe(frame.id);
    expect(reader.deltas).toEqual([]);
    reader.close();
  });
});

describe('a goodbye', () => {
  it('reaches every stream within a second of draining, and every client that comes later', async () => {
    await start();
    const readers = await Promise.all(Array.from({ length: 300 }, () => opened()));
    expect(server.hub.stats().streams).toBe(300);
    const begun = performance.now();
    await server.hub.drain();
    const took = performance.now() - begun;
    await Promise.all(readers.map((reader) => reader.until((r) => r.ended)));
    expect(took).toBeLessThan(1_000);
    console.info(`drain of 300 streams: ${Math.round(took)} ms`);
    const retries = readers.map((reader) => reader.of('goaway')[0]);
    for (const frame of retries) expect(frame?.json).toMatchObject({ reason: 'deploy', retry: frame?.retry });
    const waits = retries.map((frame) => frame?.retry ?? 0);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(3_000);
    const late = await read().until((r) => r.ended);
    expect(late.status).toBe(200);
    expect(late.of('goaway')[0]?.json['reason']).toBe('deploy');
  });

  it('is said to one after the other when the instance stops, and who still waits for it misses nothing', async () => {
    await start({ timings: { goodbyesPerSecond: 25 } });
    const readers = await Promise.all(Array.from({ length: 40 }, () => opened()));
    const draining = server.hub.drain();
    const ended = () => readers.filter((reader) => reader.ended);
    await until(ended, (some) => some.length > 0);
    const before = ended();
    expect(before.length).toBeLessThan(30);
    await publish(1);
    await draining;
    for (const reader of readers) await reader.until((r) => r.ended);
    const told = readers.filter((reader) => reader.deltas.length === 1);
    expect(told.length).toBeGreaterThan(5);
    for (const reader of readers) expect(reader.of('goaway')).toHaveLength(1);
    for (const reader of before) expect(reader.deltas).toEqual([]);
  });

  it('is said to all within the time that stopping has, however many there are', async () => {
    await start({ timings: { goodbyesPerSecond: 1, drainMs: 300 } });
    const readers = await Promise.all(Array.from({ length: 20 }, () => opened()));
    const begun = performance.now();
    await server.hub.drain();
    const took = performance.now() - begun;
    expect(took).toBeGreaterThan(250);
    expect(took).toBeLessThan(2_000);
    for (const reader of readers) expect((await reader.until((r) => r.ended)).of('goaway')).toHaveLength(1);
  });

  it('comes with age, and the client that resumes misses nothing', async () => {
    await start({ timings: { maxAgeMs: 2_000 } });
    const reader = await opened();
    await publish(5);
    await reader.until((r) => r.ended, 10_000);
    expect(reader.of('goaway')[0]?.json['reason']).toBe('max-age');
    await publish(5);
    const next = await read(`since=${reader.deltas.at(-1)?.id}`).until((r) => r.deltas.length === 5);
    expect(next.deltas).toHaveLength(5);
    next.close();
  });

  it('comes in under a second to the streams of a revoked key, and to no other', async () => {
    await start();
    const other = await server.addKey(workspace);
    const [revoked, kept] = await Promise.all([opened(), opened('', other)]);
    await server.db.sql`update api_keys set revoked_at = now() where id = ${key.id}`;
    const begun = performance.now();
    await publish(1, { id: workspace.id }, 'workspace.changed');
    await revoked.until((r) => r.ended);
    console.info(`revoked key: stream closed after ${Math.round(performance.now() - begun)} ms`);
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(revoked.of('goaway')[0]?.json['reason']).toBe('revoked');
    await publish(1);
    await kept.until((r) => r.deltas.length === 2);
    expect(kept.ended).toBe(false);
    kept.close();
  });

  it('comes without any signal too, and at once when asked to look', async () => {
    await start({ timings: { recheckMs: 2_000 } });
    const other = await server.addKey(workspace);
    const [first, second] = await Promise.all([opened(), opened('', other)]);
    await server.db.sql`update api_keys set scopes = '{record}' where id = ${key.id}`;
    await first.until((r) => r.ended, 8_000);
    await server.db.sql`update api_keys set revoked_at = now() where id = ${other.id}`;
    server.hub.recheck();
    await second.until((r) => r.ended, 1_600);
  });
});

describe('a limit', () => {
  it('on streams of a key or of the instance is a 200 that says when to come back', async () => {
    await start({ streamsPerKey: 2, streams: 3 });
    const second = await server.addKey(workspace);
    const third = await server.addKey(workspace);
    const readers = [await opened(), await opened(), await opened('', second)];
    for (const as of [key, third]) {
      const refused = await read('', as).until((r) => r.ended);
      expect(refused.status).toBe(200);
      expect(refused.frames).toHaveLength(1);
      expect(refused.frames[0]).toMatchObject({ event: 'goaway', json: { reason: 'too-many' } });
      expect(refused.frames[0]?.retry).toBeGreaterThanOrEqual(10_000);
      expect(refused.headers['x-feed-resume']).toBeUndefined();
    }
    expect(server.hub.stats().refused).toBe(2);
    for (const reader of readers) reader.close();
    await noStreams();
    const again = await opened();
    again.close();
  });

  it('on opening streams is a 200 as well', async () => {
    await start({ openStream: () => Promise.reject(new AppError('RATE_LIMITED', 'too fast')) });
    const refused = await read().until((r) => r.ended);
    expect(refused).toMatchObject({ status: 200 });
    expect(refused.of('goaway')[0]?.json['reason']).toBe('too-many');
  });
});

describe('trouble', () => {
  it('of a doorbell that does not ring costs a second, not an event', async () => {
    await start({ deaf: true });
    const quiet = await startFeedServer({ db: server.db, sequence: false, deaf: true });
    try {
      const mine = await quiet.addKey(workspace);
      const reader = await new RawReader(quiet.url, mine).until((r) => r.frames.length > 0);
      const begun = performance.now();
      await publish(3);
      await reader.until((r) => r.deltas.length === 3);
      expect(performance.now() - begun).toBeLessThan(1_600);
      reader.close();
    } finally {
      await quiet.stop();
    }
  });

  it('of a database that was put back to another epoch resets every open stream once', async () => {
    await start({ timings: { pollMs: 100 } });
    await publish(5);
    const readers = await Promise.all([opened(), opened(), opened('topics=alerts')]);
    await until(
      () => server.hub.stats().head,
      (head) => seqOf(head) === 5,
    );
    await server.db.sql`update feed_head set epoch = 'another1', seq = 2`;
    for (const reader of readers) {
      await reader.until((r) => r.of('live').length === 1);
      expect(reader.of('reset')[0]?.json).toMatchObject({ reason: 'epoch', head: 'another1-2' });
      expect(reader.of('live')[0]?.id).toBe('another1-2');
      reader.close();
    }
  });

  it('of one stream ends that one, and everybody else reads on', async () => {
    let broken = false;
    await start({
      timings: { beatMs: 300 },
      random() {
        if (!broken) return 0.5;
        broken = false;
        throw new Error('out of luck');
      },
    });
    const readers = await Promise.all([opened(), opened(), opened()]);
    broken = true;
    await until(
      () => server.hub.stats(),
      ({ failed, streams }) => failed === 1 && streams === 2,
    );
    await publish(2);
    const kept = readers.filter((reader) => !reader.ended);
    expect(kept).toHaveLength(2);
    for (const reader of kept) {
      await reader.until((r) => r.deltas.length === 2);
      reader.forget();
      await reader.until((r) => r.of('cursor').length > 0);
      reader.close();
    }
  });

  it('of a client that is cut leaves nothing behind, a thousand times over', async () => {
    await start();
    for (let round = 0; round < 20; round += 1) {
      const readers = await Promise.all(Array.from({ length: 50 }, () => opened()));
      for (const reader of readers) reader.close();
      await noStreams();
    }
    expect(server.hub.stats().streams).toBe(0);
  });

  it('of a client that leaves its poll gives its place back at once', async () => {
    await start({ streamsPerKey: 1 });
    const collect = (setFlagsFromString('--expose_gc'), runInNewContext('gc') as () => void);
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${key.token}` };
    const poll = fetch(`${server.url}/poll?wait=25`, { headers, signal: leaving.signal });
    await until(
      () => server.hub.stats().polls,
      (polls) => polls === 1,
    );
    // What nobody holds on to must not be what tells of the end.
    collect();
    leaving.abort();
    await expect(poll).rejects.toThrow();
    await until(
      () => server.hub.stats().polls,
      (polls) => polls === 0,
      10_000,
    );
    expect((await fetch(`${server.url}/poll?wait=0`, { headers })).status).toBe(200);
  });

  it('of a client that does not read costs little memory, disturbs nobody, and ends in a replay or a reset', async () => {
    await start();
    const collect = (setFlagsFromString('--expose_gc'), runInNewContext('gc') as () => void);
    const memory = () => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return (heapUsed + arrayBuffers) / 1024 / 1024;
    };
    // What is sent goes through the ring once in any case; fill it before measuring.
    const text = 'x'.repeat(4_000);
    await publish(2_500, { id: text });
    await until(
      () => server.hub.stats().head,
      (head) => seqOf(head) === 2_500,
    );
    const good = await opened();
    good.forget();
    const stalled = Array.from({ length: 20 }, () => stalledClient());
    await until(
      () => server.hub.stats().streams,
      (streams) => streams === 21,
    );
    const before = memory();
    for (let round = 0; round < 12; round += 1) {
      await publish(1_000, { id: text });
      await good.until((r) => r.deltas.length === 1_000, 20_000);
      // Also what a part of a frame would keep alive.
      good.forget();
    }
    // What is still to be freed when a collection returns is not held by anybody; what is held stays.
    const each = await until(
      () => (memory() - before) / 20,
      (megabytes) => megabytes < 1,
      10_000,
    );
    console.info(`20 stalled clients while 48 MB went by: ${each.toFixed(2)} MB each`);
    const [first] = stalled;
    first?.resume();
    let text2 = '';
    first?.on('data', (chunk: Buffer) => {
      text2 += chunk.toString();
    });
    await until(
      () => text2.includes('event: reset') && text2.includes('"reason":"slow"'),
      (found) => found,
      10_000,
    );
    for (const socket of stalled) socket.destroy();
    good.close();
    await noStreams();
  });
});

/** A raw socket that sends its request and then reads nothing. */
function stalledClient() {
  const { hostname, port, pathname } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key.token}\r\n\r\n`);
  return socket;
}
