import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { WorkspaceInfo } from '#lib/server/context.ts';
import { appendEvents } from '#lib/server/event-log/index.ts';
import { until } from '../event-log/support.ts';
import { startFeedServer, type FeedServer, type FeedServerOptions, type Key } from './feed-server.ts';
import { RawReader } from './raw-reader.ts';

let server: FeedServer;
let workspace: WorkspaceInfo;
let key: Key;
let place = 0;

async function start(options: FeedServerOptions = {}): Promise<void> {
  place = 0;
  server = await startFeedServer(options);
  workspace = await server.addWorkspace('one');
  key = await server.addKey(workspace);
}
afterEach(() => server.stop());

const seqOf = (cursor: unknown) => Number(String(cursor).split('-')[1]);
const opened = (query = '', as: { token: string } = key) =>
  new RawReader(`${server.url}?${query}`, as).until((r) => r.frames.length > 0);

/** Changes of some keys in turn, of some kilobytes each. */
async function publish(n: number, bytes = 4_000, keys = 10): Promise<void> {
  const filler = 'x'.repeat(bytes);
  const events = Array.from({ length: n }, () => {
    place += 1;
    return {
      type: 'import.progressed' as const,
      key: `thing/${place % keys}`,
      rev: place,
      value: { id: filler, place } as never,
    };
  });
  await appendEvents(server.db.sql, workspace.id, events);
  server.doorbell.ringFeed();
  await until(
    () => server.hub.stats().head,
    (head) => seqOf(head) >= place,
  );
}

const latest = (reader: RawReader) =>
  new Map(
    reader.deltas.map(({ json }) => [json['key'], (json['value'] as { place: number }).place] as const),
  );

/** Publishes until somebody is behind, because the kernel holds no more for them, and then ten times more. */
async function publishUntilBehind(
  afterEach: () => Promise<unknown> = () => Promise.resolve(),
  keys = 10,
): Promise<void> {
  let left = 10;
  for (let round = 0; round < 500 && left > 0; round += 1) {
    await publish(50, 4_000, keys);
    await afterEach();
    if (server.hub.stats().slowestLagMs > 0) left -= 1;
  }
  expect(left).toBe(0);
}

/** The chunks of a response in chunked encoding, each written at once; the last may still be on its way. */
function chunksOf(response: Buffer): string[] {
  const chunks: string[] = [];
  let at = response.indexOf('\r\n\r\n') + 4;
  for (let line = response.indexOf('\r\n', at); line > 0; line = response.indexOf('\r\n', at)) {
    const size = Number.parseInt(response.toString('latin1', at, line), 16);
    chunks.push(response.toString('utf8', line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return chunks;
}

describe('a reader that is behind', () => {
  it('gets changes of one key as one, in order of their places, and ends with the same state', async () => {
    await start({ timings: { slowBytes: 1_000_000 } });
    const [slow, quick] = [await opened(), await opened()];
    slow.pause();
    await publishUntilBehind(() => quick.until((r) => r.deltas.length === place, 20_000));
    slow.resume();
    await slow.until((r) => seqOf(r.frames.at(-1)?.id) >= place, 20_000);
    const coalesced = slow.deltas.filter(({ json }) => json['coalesced'] !== undefined);
    expect(slow.of('reset')).toEqual([]);
    expect(coalesced.length).toBeGreaterThan(0);
    for (const { id, json } of coalesced) {
      expect(json['c']).toBe(id);
      expect(json['from']).toBeLessThan(seqOf(id));
    }
    const seqs = slow.deltas.map(({ id }) => seqOf(id));
    expect(seqs).toEqual([...new Set(seqs)].sort((x, y) => x - y));
    const told = slow.deltas.reduce((sum, { json }) => sum + Number(json['coalesced'] ?? 1), 0);
    expect(told).toBe(place);
    expect(latest(slow)).toEqual(latest(quick));
    expect(server.hub.stats().coalesced).toBe(place - slow.deltas.length);
    slow.close();
    quick.close();
  });

  it('gets them in writes of at most 64 KB, so that little of it is held for who does not go on reading', async () => {
    await start({ timings: { slowBytes: 500_000 } });
    const { hostname, port, pathname } = new URL(server.url);
    const socket = connect({ host: hostname, port: Number(port) });
    const bytes: Buffer[] = [];
    socket.on('data', (chunk) => bytes.push(chunk));
    socket.pause();
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key.token}\r\n\r\n`);
    await until(
      () => server.hub.stats().streams,
      (streams) => streams === 1,
    );
    await publishUntilBehind(undefined, 200);
    socket.resume();
    await until(
      () => server.hub.stats().slowestLagMs,
      (lag) => lag === 0,
    );
    const end = `"place":${place}`;
    const writes = await until(
      () => chunksOf(Buffer.concat(bytes)),
      (chunks) => chunks.at(-1)?.replaceAll(' ', '').includes(end) ?? false,
    );
    expect(server.hub.stats().coalesced).toBeGreaterThan(0);
    expect(Math.max(...writes.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(64 * 1024);
    socket.destroy();
  });

  it('for some time, though not by much, gets them as one too', async () => {
    await start({ timings: { slowMs: 200 } });
    const slow = await opened();
    slow.pause();
    await publishUntilBehind();
    await until(
      () => server.hub.stats().slowestLagMs,
      (lag) => lag > 400,
    );
    slow.resume();
    await slow.until((r) => seqOf(r.frames.at(-1)?.id) >= place, 20_000);
    expect(server.hub.stats().coalesced).toBeGreaterThan(0);
    slow.close();
  });

  it('is no longer behind once it has everything, and then gets every change again', async () => {
    await start({ timings: { slowMs: 300 } });
    const reader = await opened();
    await publish(20);
    await reader.until((r) => r.deltas.length === 20);
    await until(
      () => server.hub.stats().slowestLagMs,
      (lag) => lag === 0,
    );
    await publish(20);
    await reader.until((r) => r.deltas.length === 40);
    expect(server.hub.stats().coalesced).toBe(0);
    reader.close();
  });
});

describe('encoding', () => {
  it('happens once for each event and once for each class of readers, however many read', async () => {
    await start();
    const all = await Promise.all(Array.from({ length: 30 }, () => opened()));
    const some = await Promise.all(Array.from({ length: 30 }, () => opened('topics=collections')));
    const people = await Promise.all(
      Array.from({ length: 30 }, async () => opened('', await server.addMember(workspace, 'analyst'))),
    );
    const everybody = [...all, ...some, ...people];
    for (let round = 0; round < 5; round += 1) {
      await publish(40, 100);
      for (const reader of everybody) await reader.until((r) => r.deltas.length === (round + 1) * 40);
    }
    const stats = server.hub.stats();
    expect(stats.read).toBe(200);
    expect(stats.joined).toBe(2 * 200);
    expect(stats.delivered).toBe(90 * 200);
    expect(stats.latency.count).toBe(200);
    for (const reader of everybody) reader.close();
  });

  it('carries 1 MB of anything that a text can hold in one line', async () => {
    await start();
    const reader = await opened();
    const odd = 'a\r\nb\rc\nid: 9\0\u0085\u2028\u2029\ufeff\ud800"\\😀';
    await appendEvents(server.db.sql, workspace.id, [
      {
        type: 'import.progressed',
        key: odd,
        rev: 1,
        value: { id: `\ufeff${odd.repeat(40_000)}` } as never,
      },
    ]);
    server.doorbell.ringFeed();
    await reader.until((r) => r.deltas.length === 1);
    const [delta] = reader.deltas;
    const kept = odd.replace('\0', '\ufffd').replace('\ud800', '\ufffd');
    expect(delta?.json['key']).toBe(kept);
    expect(delta?.json['value']).toEqual({ id: `\ufeff${kept.repeat(40_000)}` });
    expect(Buffer.byteLength(delta?.data ?? '')).toBeGreaterThan(1_000_000);
    reader.close();
  });
});
