import { afterEach, describe, expect, it } from 'vitest';
import type { FeedSnapshot, SnapshotSource } from '#lib/server/app.ts';
import type { WorkspaceInfo } from '#lib/server/context.ts';
import { appendEvents, readAfter, readCursor, readHead } from '#lib/server/event-log/index.ts';
import { encodeEvent } from '#lib/server/feed/encode.ts';
import { appendNotes, until } from '../event-log/support.ts';
import { startFeedServer, type FeedServer, type FeedServerOptions, type Key } from './feed-server.ts';
import { RawReader, type Frame } from './raw-reader.ts';

const [A, B, C, D] = ['p_aaaaaaaaaaaa', 'p_bbbbbbbbbbbb', 'p_cccccccccccc', 'p_dddddddddddd'] as const;
const UNBORN = 'p_------------';

const servers: FeedServer[] = [];
let server: FeedServer;
let workspace: WorkspaceInfo;
/** Of two readers that choose, and of one that does not. */
let one: Key;
let two: Key;
let all: Key;
let place = 0;
let asked: Parameters<SnapshotSource>[0][] = [];

async function start(options: FeedServerOptions = {}): Promise<void> {
  place = 0;
  asked = [];
  server = await startFeedServer({
    snapshots: async (audience): Promise<FeedSnapshot> => {
      asked.push(audience);
      return { ...(await readHead(server.db.sql)), parts: [], figures: null };
    },
    ...options,
  });
  servers.push(server);
  workspace = await server.addWorkspace('one');
  [one, two, all] = [
    await server.addKey(workspace),
    await server.addKey(workspace),
    await server.addKey(workspace),
  ];
}
afterEach(async () => {
  for (const running of servers.splice(0).reverse()) await running.stop();
});

const seqOf = (cursor: unknown) => Number(String(cursor).split('-')[1]);
const open = (query: string, key: Key) =>
  new RawReader(`${server.url}?${query}`, key).until((r) => r.frames.length > 0);
const seen = (seq: number) =>
  until(
    () => server.hub.stats().head,
    (head) => seqOf(head) >= seq,
  );

/** What batches changed: the patterns of each, all of which have its number. */
async function publish(batches: readonly (readonly string[])[], filler = ''): Promise<void> {
  const events = batches.map((ids) => {
    place += 1;
    const value = {
      asOf: place,
      totals: { n: place, successes: 0 },
      leaders: [C, A, B],
      items: ids.map((id) => ({ id, label: `\u2028${id}`, n: place, filler })),
      more: 3,
    };
    return { type: 'pattern.updated' as const, key: 'leaders', rev: place, value: value as never };
  });
  await appendEvents(server.db.sql, workspace.id, events);
  server.doorbell.ringFeed();
  await seen(place);
}

interface Value {
  asOf: number;
  leaders: string[];
  items: { id: string; n: number }[];
  more: number;
}
const valueOf = ({ json }: Pick<Frame, 'json'>) => json['value'] as Value;
/** Of the deltas of patterns: place, leaders and patterns. */
const told = (deltas: readonly Pick<Frame, 'json'>[]) =>
  deltas
    .filter(({ json }) => json['topic'] === 'patterns')
    .map(({ json }) => [
      seqOf(json['c']),
      valueOf({ json }).leaders,
      valueOf({ json }).items.map(({ id }) => id),
    ]);

async function poll(query: string, key: Key) {
  const response = await fetch(`${server.url}/poll?wait=0&${query}`, {
    headers: { authorization: `Bearer ${key.token}` },
  });
  return {
    status: response.status,
    body: (await response.json()) as {
      to: string;
      events: Frame['json'][];
      issues?: { path: string }[];
    },
  };
}

describe('readers that choose patterns', () => {
  it('get only these, each its own; nothing where there is none of them; all else and everybody else as it is', async () => {
    await start({ timings: { beatMs: 300 } });
    const [first, second, third] = [
      await open(`patterns=${A},${UNBORN}&patterns=${D}`, one),
      await open(`patterns=${B}&topics=patterns`, two),
      await open('', all),
    ];
    await publish([[A, B, C], [C], [D, A]]);
    await appendNotes(server.db.sql, workspace.id, ['note'], { type: 'import.progressed' });
    server.doorbell.ringFeed();
    await first.until((r) => r.deltas.length === 3);
    await second.until((r) => seqOf(r.of('cursor').at(-1)?.id) === 4);
    await third.until((r) => r.deltas.length === 4);
    expect(told(first.deltas)).toEqual([
      [1, [A], [A]],
      [3, [A], [D, A]],
    ]);
    expect(first.deltas[0]?.json).toMatchObject({
      type: 'pattern.updated',
      op: 'upsert',
      key: 'leaders',
      rev: 1,
      value: {
        asOf: 1,
        totals: { n: 1, successes: 0 },
        more: 3,
        items: [{ id: A, label: `\u2028${A}`, n: 1 }],
      },
    });
    expect(first.keys().at(-1)).toBe('note');
    expect(told(second.deltas)).toEqual([[1, [B], [B]]]);
    expect(second.deltas).toHaveLength(1);
    const { epoch } = await readHead(server.db.sql);
    const rows = await readAfter(server.db.sql, 0, 10);
    const frames = rows.map((row) => encodeEvent(epoch, row).frame.toString()).join('');
    // Beats come in between.
    const unbeaten = third.text.split(/(?<=\n\n)/).filter((frame) => !frame.includes('\nevent: cursor\n'));
    expect(unbeaten.join('')).toContain(frames);
    for (const reader of [first, second, third]) reader.close();
  });

  it('are told the same live, from the outbox and by polls, also under the old names', async () => {
    await start();
    const since = await readCursor(server.db.sql);
    const batches = Array.from({ length: 200 }, (_, n) => [[A], [B, C], [C], [A, B, C, D]][n % 4] ?? []);
    const queries = [`patterns=${A},${D}`, `patterns=${B}`, `patterns=${UNBORN}`];
    const live = await Promise.all(queries.map((query) => open(query, one)));
    await publish(batches);
    await live[0]?.until((r) => r.deltas.length === 100);
    await live[1]?.until((r) => r.deltas.length === 100);
    const expected = live.map(({ deltas }) => deltas);
    expect(expected.map(({ length }) => length)).toEqual([100, 100, 0]);

    const behind = server;
    server = await startFeedServer({ db: behind.db, sequence: false });
    servers.push(server);
    const key = await server.addKey(workspace);
    const replayed = await Promise.all(queries.map((query) => open(`since=${since}&${query}`, key)));
    // Both read the same rows at the same time, so the outbox was asked once for each page.
    await replayed[0]?.until((r) => r.deltas.length === 100);
    await replayed[1]?.until((r) => r.deltas.length === 100);
    expect(server.hub.stats().replays).toBeLessThanOrEqual(6);
    expect(replayed.map(({ deltas }) => deltas)).toEqual(expected);
    for (const [n, query] of queries.entries()) {
      const { body } = await poll(`since=${since}&${query}`, key);
      expect(body.events).toEqual(expected[n]?.map(({ json }) => json));
      expect(seqOf(body.to)).toBe(200);
    }
    const old = await open(`since=${since}&patterns=${B}&compat=1`, key);
    await old.until((r) => r.of('pattern_update').length === 100);
    expect(old.of('pattern_update').map(({ data }) => data)).toEqual(expected[1]?.map(({ data }) => data));
    // Another choice goes on from the same place.
    const midway = expected[0]?.[49]?.id;
    const other = await open(`since=${midway}&patterns=${C}`, key);
    await other.until((r) => seqOf(r.deltas.at(-1)?.id) === 200);
    expect(told(other.deltas).map(([seq]) => seq)).toEqual(
      batches.flatMap((ids, n) => (n + 1 > seqOf(midway) && ids.includes(C) ? [n + 1] : [])),
    );
    for (const reader of [...live, ...replayed, old, other]) reader.close();
  });

  it('of the same patterns share what is joined for them, and snapshots', async () => {
    await start();
    const chosen = Array.from(
      { length: 10 },
      (_, n) => `patterns=${n % 2 === 0 ? `${A},${B}` : `${B},${A},${A}`}`,
    );
    const readers = await Promise.all(
      [...chosen, `patterns=${C}`].map((query) => open(`since=nonsense&topics=patterns&${query}`, one)),
    );
    for (const reader of readers) await reader.until((r) => r.of('live').length === 1);
    expect(asked.length).toBeLessThan(readers.length);
    await publish([[A], [D], [B]]);
    for (const reader of readers.slice(0, 10)) await reader.until((r) => r.deltas.length === 2);
    expect(server.hub.stats()).toMatchObject({ joined: 2, delivered: 20 });
    for (const reader of readers) reader.close();
  });

  it('keep to them when what they may read is another', async () => {
    await start();
    const member = await server.addMember(workspace, 'viewer');
    const reader = await open(`patterns=${B}`, { ...one, token: member.token });
    await server.db.sql`update memberships set role = 'admin' where user_id = ${member.id}`;
    server.hub.recheck(member.id);
    await reader.until((r) => r.of('live').length === 1);
    expect(reader.of('reset')[0]?.json['reason']).toBe('scope');
    expect(asked.map(({ scopes }) => scopes)).toEqual([['role:admin', 'workspace']]);
    await publish([[A], [C, B]]);
    await reader.until((r) => r.deltas.length > 0);
    expect(told(reader.deltas)).toEqual([[2, [B], [B]]]);
    reader.close();
  });

  it('slowly get fewer events of only these, and end with the same', async () => {
    await start({ timings: { slowBytes: 300_000 } });
    const [slow, quick] = [await open(`patterns=${A},${B}`, one), await open(`patterns=${A},${B}`, one)];
    slow.pause();
    const filler = 'x'.repeat(8_000);
    for (let left = 10, round = 0; left > 0 && round < 500; round += 1) {
      await publish(
        Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? [A, C] : [B, D])),
        filler,
      );
      await quick.until((r) => r.deltas.length === place, 20_000);
      if (server.hub.stats().slowestLagMs > 0) left -= 1;
    }
    slow.resume();
    await slow.until((r) => seqOf(r.frames.at(-1)?.id) >= place, 20_000);
    expect(slow.deltas.filter(({ json }) => json['coalesced'] !== undefined).length).toBeGreaterThan(0);
    const counted = slow.deltas.reduce((sum, { json }) => sum + Number(json['coalesced'] ?? 1), 0);
    expect(counted).toBe(place);
    const ids = slow.deltas.flatMap((delta) => valueOf(delta).items.map(({ id }) => id));
    expect(new Set(ids)).toEqual(new Set([A, B]));
    const latest = ({ deltas }: RawReader) =>
      Object.fromEntries(deltas.flatMap((delta) => valueOf(delta).items).map(({ id, n }) => [id, n]));
    expect(latest(slow)).toEqual(latest(quick));
    slow.close();
    quick.close();
  });

  it('are told which id is none, and that they are too many; one that is not born yet is fine', async () => {
    await start();
    const many = Array.from({ length: 201 }, (_, n) => `p_${String(n).padStart(12, '0')}`);
    for (const [patterns, status] of [
      [`${A},contact=cellular`, 400],
      [many.join(), 400],
      [many.slice(1).join(), 200],
      [UNBORN, 200],
      ['', 200],
    ] as const) {
      const answer = await poll(`patterns=${encodeURIComponent(patterns)}`, one);
      expect([answer.status, answer.body.issues?.map(({ path }) => path)]).toEqual([
        status,
        status === 400 ? ['patterns'] : undefined,
      ]);
    }
    const refused = await new RawReader(`${server.url}?patterns=p_short`, one).until((r) => r.ended);
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('"path":"patterns"')]);
  });
});
