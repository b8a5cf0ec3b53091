import { afterEach, describe, expect, it, vi } from 'vitest';
import { FeedClient, type FeedState } from '#lib/live/feed-client.ts';
import { readCursor } from '#lib/server/event-log/index.ts';
import { goawayFrame } from '#lib/server/feed/frames.ts';
import { seededRandom } from '../../../support/seeded-random.ts';
import { appendNotes, until } from '../../event-log/support.ts';
import { startFeedServer, type FeedServer, type FeedServerOptions, type Key } from '../feed-server.ts';
import { RawReader } from '../raw-reader.ts';
import { READERS } from './readers.ts';
import type { Message } from './vectors.ts';

/** Groups 11, 13, 14 and 17: beats, goodbyes, and what an event costs however many read it. */
const BEATS_IN_TEN_MINUTES = 40;

let server: FeedServer;
let key: Key;
afterEach(() => server.stop());

async function start(options: FeedServerOptions = {}): Promise<void> {
  server = await startFeedServer(options);
  key = await server.addKey(await server.addWorkspace('one'));
}

const authorized = () => ({ authorization: `Bearer ${key.token}` });
const seqOf = (cursor: string) => Number(cursor.split('-')[1]);

async function publish(n: number): Promise<void> {
  const names = Array.from({ length: n }, (_, i) => `k${i}`);
  await appendNotes(server.db.sql, key.workspace.id, names, { type: 'import.progressed' });
  server.doorbell.ringFeed();
}

describe('beats', () => {
  it('are events with data to every client, as many as in ten minutes, and never an empty one', async () => {
    await start({ timings: { beatMs: 10 } });
    const all = await Promise.all(
      Object.values(READERS).map((read) =>
        read({
          url: server.url,
          headers: authorized(),
          enough: (messages) => messages.length > BEATS_IN_TEN_MINUTES,
          deadlineMs: 30_000,
        }),
      ),
    );
    for (const messages of all) {
      for (const { event, data, id } of messages) {
        expect(['hello', 'cursor']).toContain(event);
        const json = JSON.parse(data) as { c?: string; from?: string };
        expect(json.c ?? json.from).toBe(id);
      }
    }
  }, 40_000);

  it('are not waited for by a client that has missed nothing but events that are not for it', async () => {
    await start();
    const since = await readCursor(server.db.sql);
    await publish(3);
    await until(
      () => server.hub.stats().head,
      (head) => seqOf(head) === 3,
    );
    const states: FeedState[] = [];
    const feed = new FeedClient({
      url: server.url,
      headers: authorized(),
      topics: ['alerts'],
      since,
      handlers: { onState: (state) => states.push(state) },
    });
    feed.connect();
    // The first beat comes after 13.5 s.
    await until(
      () => feed.state,
      (state) => state === 'live',
      5_000,
    );
    expect([states, seqOf(feed.cursor ?? '')]).toEqual([['connecting', 'catching-up', 'live'], 3]);
    feed.disconnect();
  });

  it('carry a client that sees nothing past what is kept, so that it is not reset for nothing', async () => {
    await start({ timings: { beatMs: 10 } });
    const reader = await new RawReader(`${server.url}?topics=alerts`, key).until((r) => r.frames.length > 0);
    await publish(60);
    await until(
      () => reader.of('cursor').at(-1)?.id ?? '',
      (id) => seqOf(id) === 60,
    );
    reader.close();
    await server.db.sql`delete from feed_outbox where seq < 60`;
    const restarted = await startFeedServer({ db: server.db, sequence: false });
    try {
      const own = await restarted.addKey(key.workspace);
      const since = (cursor: string) => new RawReader(`${restarted.url}?topics=alerts&since=${cursor}`, own);
      const moved = await since(reader.of('cursor').at(-1)?.id ?? '').until((r) => r.frames.length > 0);
      expect(moved.headers['x-feed-resume']).toBe('ok');
      const left = await since(reader.frames[0]?.id ?? '').until((r) => r.of('live').length > 0);
      expect(left.of('reset')[0]?.json['reason']).toBe('expired');
      for (const each of [moved, left]) each.close();
    } finally {
      await restarted.stop();
    }
  });
});

describe('a goodbye', () => {
  it('spreads the returns evenly', async () => {
    await start();
    const random = seededRandom(20_260_211);
    for (const reason of ['deploy', 'max-age', 'too-many', 'revoked', 'unavailable'] as const) {
      const retry = (at: () => number) =>
        Number(/^retry: (\d+)\n/.exec(goawayFrame(reason, at).toString())?.[1]);
      const least = retry(() => 0);
      const most = retry(() => 1);
      const tenths = new Array<number>(10).fill(0);
      for (let n = 0; n < 10_000; n += 1) {
        const tenth = Math.min(9, Math.floor(((retry(random) - least) / (most - least)) * 10));
        tenths[tenth] = (tenths[tenth] ?? 0) + 1;
      }
      // 1,000 each, give or take five standard deviations.
      for (const share of tenths) expect(Math.abs(share - 1_000)).toBeLessThan(150);
    }
  });

  it('is heeded: a client comes back no sooner than the stream told it to', async () => {
    await start({ timings: { maxAgeMs: 300 } });
    const opened: number[] = [];
    server.http.on('request', () => opened.push(performance.now()));
    const goodbyes = (all: readonly Message[]) => all.filter(({ event }) => event === 'goaway');
    const messages = await READERS['npm eventsource']({
      url: server.url,
      headers: authorized(),
      enough: (all) => goodbyes(all).length === 3,
      deadlineMs: 20_000,
    });
    const told = goodbyes(messages).map(({ data }) => (JSON.parse(data) as { retry: number }).retry);
    expect(opened.length).toBe(3);
    for (const [n, retry] of told.slice(0, 2).entries()) {
      // From one opening to the next there is the stream's life as well.
      expect((opened[n + 1] ?? 0) - (opened[n] ?? 0)).toBeGreaterThanOrEqual(retry);
    }
  }, 30_000);
});

describe('an event', () => {
  it('is encoded once and joined once for each kind of reader, however many there are', async () => {
    await start();
    const kinds = ['', 'compat=1', 'topics=collections'];
    const readers = kinds.flatMap((query) =>
      Array.from({ length: 40 }, () => new RawReader(`${server.url}?${query}`, key)),
    );
    await Promise.all(readers.map((reader) => reader.until((r) => r.frames.length > 0)));
    const before = server.hub.stats().read;
    const from = seqOf(await readCursor(server.db.sql));
    const joins = vi.spyOn(Buffer, 'concat');
    try {
      for (let n = 1; n <= 20; n += 1) {
        await publish(1);
        await Promise.all(readers.map((reader) => reader.until((r) => r.deltas.length === n)));
      }
      const times = new Map<string, number>();
      for (const [parts] of joins.mock.calls) {
        for (const part of parts) {
          const id = /^id: \S+-(\d+)\n/.exec(Buffer.from(part).toString())?.[1];
          if (id !== undefined) times.set(id, (times.get(id) ?? 0) + 1);
        }
      }
      for (let n = 1; n <= 20; n += 1) expect(times.get(String(from + n))).toBe(kinds.length);
      expect(server.hub.stats().read - before).toBe(20);
    } finally {
      joins.mockRestore();
      for (const reader of readers) reader.close();
    }
  });
});
