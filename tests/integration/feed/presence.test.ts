import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { peopleHereSchema } from '#lib/contracts/presence.ts';
import type { App, FeedReading } from '#lib/server/app.ts';
import { permissionsOfRole, type WorkspaceInfo } from '#lib/server/context.ts';
import { openDatabase, type TransactionSql } from '#lib/server/db/client.ts';
import { createSnapshotSource } from '#lib/server/services/feed/index.ts';
import {
  createPresenceTracker,
  listOthersHere,
  setAppearOffline,
  type PresenceTimings,
  type PresenceTracker,
} from '#lib/server/services/presence/index.ts';
import * as route from '../../../src/routes/api/v1/presence/+server.ts';
import { callApi } from '../../support/api-event.ts';
import { auditOf, createIdentityApp, personOf } from '../../support/identity.ts';
import { until } from '../event-log/support.ts';
import { TcpProxy } from './faults/tcp-proxy.ts';
import { startFeedServer, type FeedServer, type Member } from './feed-server.ts';
import { RawReader } from './raw-reader.ts';

const TIMES: PresenceTimings = { turnMs: 10, graceMs: 1_000, beatMs: 40, staleMs: 3_000, deadlineMs: 8_000 };

let server: FeedServer;
let workspace: WorkspaceInfo;
let ana: Member;
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startFeedServer({ presence: TIMES });
});
beforeEach(async () => {
  workspace = await server.addWorkspace(`w-${randomUUID().slice(0, 8)}`);
  ana = await server.addMember(workspace, 'viewer');
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
afterAll(() => server.stop());

const open = (who: { token: string } = ana, at = server) =>
  new RawReader(`${at.url}?topics=presence`, who).until((reader) => reader.frames.length > 0);
const poll = (query: string) =>
  fetch(`${server.url}/poll?topics=presence&${query}`, { headers: { authorization: `Bearer ${ana.token}` } });

interface Told {
  type: string;
  op: string;
  key: string;
  rev: number;
  payload: { name: string; since: string };
}
const told = (of = workspace): Promise<Told[]> =>
  server.db.sql<Told[]>`
    select type, op, key, rev, payload from feed_outbox where topic = 'presence' and workspace_id = ${of.id}
    order by wid`;
const types = async () => (await told()).map(({ type }) => type);
const rows = async (): Promise<string[]> =>
  (await server.db.sql`select transport from presence where workspace_id = ${workspace.id}`).map(
    ({ transport }) => String(transport),
  );
const tellsLast = (type: string) => until(types, (all) => all.at(-1) === type);
describe('a visit', () => {
  it('is one coming and one going, however many streams it has', async () => {
    const streams = await Promise.all([open(), open(), open()]);
    await until(rows, (all) => all.length === 3);
    const watching = await open(await server.addMember(workspace, 'viewer'));
    await until(types, (all) => all.length === 2);
    for (const stream of streams.slice(1)) stream.close();
    await until(rows, (all) => all.length === 2);
    expect(await types()).toEqual(['presence.joined', 'presence.joined']);

    streams[0]?.close();
    const left = await watching.until((r) => r.deltas.some(({ json }) => json['op'] === 'delete'));
    expect(left.deltas.at(-1)?.json).toMatchObject({
      topic: 'presence',
      type: 'presence.left',
      key: ana.id,
      value: { userId: ana.id, name: 'test' },
    });
    expect(await rows()).toEqual(['stream']);
    const [joined, , last] = await told();
    expect(last?.payload).toEqual(joined?.payload);
    expect(last?.rev).toBeGreaterThan(joined?.rev ?? Infinity);
    watching.close();
  });

  it('is told in order also when the clock of the database was set back since somebody was told of', async () => {
    const { sql } = server.db;
    const streams: RawReader[] = [];
    const anHourAhead = Date.now() + 3_600_000;
    await sql`select setval('presence_clock', ${anHourAhead})`;
    try {
      for (const last of ['presence.joined', 'presence.left', 'presence.joined']) {
        if (last === 'presence.left') for (const stream of streams.splice(0)) stream.close();
        else streams.push(await open());
        await tellsLast(last);
      }
      const revs = (await told()).map(({ rev }) => rev);
      expect(revs).toHaveLength(3);
      expect(revs[0]).toBeGreaterThan(anHourAhead);
      expect(revs).toEqual([...new Set(revs)].sort((a, b) => a - b));
    } finally {
      for (const stream of streams) stream.close();
      await tellsLast('presence.left');
      await sql`select setval('presence_clock', 1)`;
    }
  });

  it('goes on through a reload', async () => {
    for (let reload = 0; reload < 3; reload += 1) {
      const stream = await open();
      await until(rows, (all) => all.length > 0);
      stream.close();
    }
    const last = await open();
    await until(rows, (all) => all.length === 1);
    expect(await types()).toEqual(['presence.joined']);
    last.close();
    await tellsLast('presence.left');
    expect([await types(), await rows()]).toEqual([['presence.joined', 'presence.left'], []]);
  });

  it('may be one of polls: a row of the login while they come, and gone when they do not', async () => {
    const end = performance.now() + 600;
    while (performance.now() < end) {
      await Promise.all([poll('wait=0.05'), poll('wait=0')]);
      expect((await rows()).length).toBeLessThanOrEqual(1);
    }
    expect([await rows(), await types()]).toEqual([['poll'], ['presence.joined']]);
    await tellsLast('presence.left');
    expect(await rows()).toEqual([]);
  });

  it('is of people, not of keys', async () => {
    const key = await open(await server.addKey(workspace));
    const stream = await open();
    await until(rows, (all) => all.length > 0);
    expect(await rows()).toEqual(['stream']);
    key.close();
    stream.close();
  });

  it('ends with the membership, and with the account', async () => {
    const beate = await server.addMember(workspace, 'viewer');
    const streams = [await open(), await open(beate)];
    await until(types, (all) => all.length === 2);
    await server.db.sql`delete from memberships where user_id = ${ana.id}`;
    await until(types, (all) => all.length === 3);
    for (const table of ['memberships', 'sessions', 'users'] as const) {
      const id = table === 'users' ? 'id' : 'user_id';
      await server.db.sql`delete from ${server.db.sql(table)} where ${server.db.sql(id)} = ${beate.id}`;
    }
    await until(types, (all) => all.length === 4);
    expect((await told()).slice(2).map(({ type, key }) => [type, key])).toEqual([
      ['presence.left', ana.id],
      ['presence.left', beate.id],
    ]);
    for (const stream of streams) stream.close();
  });
});

describe('servers that come and go', () => {
  it('one that stops hands its readers over: nobody left and nobody came', async () => {
    const other = await startFeedServer({ db: server.db, sequence: false, presence: TIMES });
    const stream = await open(other.know(ana), other);
    await until(rows, (all) => all.length === 1);
    await other.stop();
    await stream.until((reader) => reader.ended);
    const again = await open();
    await until(rows, (all) => all.length === 2);
    // The row that was handed over is swept.
    await until(rows, (all) => all.length === 1);
    expect(await types()).toEqual(['presence.joined']);
    again.close();
  });

  function tracker(
    timings: Partial<PresenceTimings> = {},
    url = server.db.url,
  ): { presence: PresenceTracker; kill(): Promise<void> } {
    const db = openDatabase(url, { max: 2 });
    const presence = createPresenceTracker(
      { db, doorbell: server.doorbell, instance: randomUUID() },
      { ...TIMES, ...timings },
    );
    presence.start();
    const kill = () => db.sql.end({ timeout: 0 });
    stops.push(async () => {
      await presence.stop();
      await kill();
    });
    return { presence, kill };
  }
  const reading = (of: Member = ana): FeedReading => ({
    workspaceId: of.workspace.id,
    actor: { type: 'user', id: of.id, name: 'test', email: 'test@example.org' },
    sessionRowId: of.sessionRowId,
  });

  it('the readers of one that was killed have left, told once though several notice', async () => {
    const dying = tracker();
    dying.presence.opened(reading(), 'stream');
    await until(rows, (all) => all.length === 1);
    const others = Array.from({ length: 4 }, () => tracker());
    await dying.kill();
    await until(rows, (all) => all.length === 0);
    // Each of them has looked since.
    for (const { presence } of others) {
      const somebody = await server.addMember(workspace, 'viewer');
      presence.opened(reading(somebody), 'stream');
      await until(told, (all) => all.at(-1)?.key === somebody.id);
    }
    expect((await told()).filter(({ key }) => key === ana.id).map(({ type }) => type)).toEqual([
      'presence.joined',
      'presence.left',
    ]);
  });

  it('one that was taken for dead writes its rows anew', async () => {
    const stream = await open();
    await until(rows, (all) => all.length === 1);
    await server.db.sql`delete from presence where workspace_id = ${workspace.id}`;
    await until(rows, (all) => all.length === 1);
    await tellsLast('presence.joined');
    stream.close();
  });

  it('one whose connection to the database goes dark writes by another, and stops all the same', async () => {
    const proxy = await TcpProxy.start(server.db.url);
    stops.push(() => proxy.stop());
    const { presence } = tracker({ beatMs: 60_000, deadlineMs: 150 }, proxy.through(server.db.url));
    presence.opened(reading(), 'stream');
    await until(rows, (all) => all.length === 1);
    proxy.freeze();
    const beate = await server.addMember(workspace, 'viewer');
    presence.opened(reading(beate), 'stream');
    await until(told, (all) => all.some(({ key }) => key === beate.id));
    proxy.freeze();
    const stopping = performance.now();
    await presence.stop();
    expect(performance.now() - stopping).toBeLessThan(3_000);
    proxy.cut();
  });

  it('nobody has left because the clock of the database was put on', async () => {
    // Each database looks up its clock where a test can put it on.
    await server.db.sql.unsafe(`
      create table clock (put_on interval);
      insert into clock values ('0');
      create function public.clock_timestamp() returns timestamptz language sql volatile
        as 'select pg_catalog.clock_timestamp() + put_on from public.clock';
      create function public.now() returns timestamptz language sql volatile
        as 'select pg_catalog.now() + put_on from public.clock'`);
    stops.push(() =>
      server.db.sql.unsafe(
        'drop function public.now(); drop function public.clock_timestamp(); drop table clock',
      ),
    );
    const url = new URL(server.db.url);
    url.searchParams.set('search_path', 'public,pg_catalog');
    const people = await Promise.all([1, 2, 3].map(() => server.addMember(workspace, 'viewer')));
    const trackers = people.map((person) => {
      const one = tracker({}, url.href);
      one.presence.opened(reading(person), 'stream');
      return one;
    });
    await until(types, (all) => all.length === 3);
    await server.db.sql`update clock set put_on = '1 hour'`;
    // What is too old is still found, after a while.
    await trackers[0]?.kill();
    await tellsLast('presence.left');
    expect((await told()).slice(3).map(({ key }) => key)).toEqual([people[0]?.id]);
  });

  it('a thousand that go at once are a few statements', async () => {
    await server.db.sql`
      with people as (
        insert into users (email, name, password_hash) select 'p' || n, 'P' || n, 'x' from generate_series(1, 1000) n
        returning id
      )
      insert into memberships (workspace_id, user_id, role) select ${workspace.id}, id, 'viewer' from people`;
    const members = await server.db.sql<{ id: string }[]>`
      select user_id as id from memberships where workspace_id = ${workspace.id} and user_id <> ${ana.id}`;
    let statements = 0;
    const sql = new Proxy(server.db.sql, {
      get: (target, name) =>
        name === 'begin'
          ? (work: (tx: TransactionSql) => Promise<unknown>) =>
              target.begin((tx) =>
                work(
                  new Proxy(tx, {
                    apply(one, self, parameters: unknown[]) {
                      statements += 1;
                      return Reflect.apply(one, self, parameters) as unknown;
                    },
                  }),
                ),
              )
          : (Reflect.get(target, name) as unknown),
    });
    const presence = createPresenceTracker(
      { db: { ...server.db.database, sql }, doorbell: server.doorbell, instance: 'one' },
      { ...TIMES, beatMs: 60_000 },
    );
    const readings = members.map(({ id }) => reading({ ...ana, id }));
    for (const one of readings) presence.opened(one, 'stream');
    presence.start();
    stops.push(() => presence.stop());
    await until(types, (all) => all.length === 1_000);
    statements = 0;
    for (const one of readings) presence.closed(one);
    await until(types, (all) => all.length === 2_000);
    expect(await rows()).toEqual([]);
    expect(statements).toBeGreaterThan(0);
    expect(statements).toBeLessThan(20);
  });
});

describe('who appears offline', () => {
  it('is not told to be here, and leaves and comes by choosing; the connection is tracked all the same', async () => {
    const app = createIdentityApp(server.db.database);
    const person = personOf(app, { type: 'user', id: ana.id, name: 'test', email: 'test@example.org' });
    expect(await setAppearOffline(person, true)).toBe(true);
    const stream = await open();
    await until(rows, (all) => all.length === 1);
    expect(await types()).toEqual([]);
    expect(await setAppearOffline(person, false)).toBe(true);
    expect(await types()).toEqual(['presence.joined']);
    expect(await setAppearOffline(person, true)).toBe(true);
    expect(await setAppearOffline(person, true)).toBe(false);
    expect(await types()).toEqual(['presence.joined', 'presence.left']);
    expect(await rows()).toEqual(['stream']);
    expect((await auditOf(app, null)).map(({ action, target }) => [action, target])).toEqual(
      Array(3).fill(['user.presence-changed', ana.id]),
    );
    stream.close();
  });
});

describe('who is here', () => {
  it('is in the snapshot and in the API, of this workspace only', async () => {
    const stream = await open();
    await tellsLast('presence.joined');
    const two = await server.addWorkspace('another');
    const [joined] = await told();
    const here = { userId: ana.id, name: 'test', since: joined?.payload.since };

    const app = createIdentityApp(server.db.database);
    const snapshot = async (of: WorkspaceInfo) => {
      const audience = { workspaceId: of.id, topics: ['presence'], scopes: ['workspace'], patterns: null };
      return (await createSnapshotSource(app)(audience)).parts;
    };
    expect(await snapshot(workspace)).toEqual([
      { type: 'presence.joined', items: [{ key: ana.id, rev: joined?.rev, value: here }] },
    ]);
    expect([await snapshot(two), await told(two)]).toEqual([[], []]);

    const get = async (of: WorkspaceInfo, scopes: ('read' | 'record')[] = ['read']) => {
      const key = { type: 'api-key', id: randomUUID(), name: 'key', workspace: of, scopes } as const;
      return callApi(route.GET, app as App, key, '/api/v1/presence');
    };
    expect(peopleHereSchema.parse(await (await get(workspace)).json())).toEqual({ items: [here] });
    expect(await (await get(two)).json()).toEqual({ items: [] });
    expect((await get(workspace, ['record'])).status).toBe(403);
    stream.close();
  });

  it('is read with a page without oneself: fifty by name, the first that came, and all by number', async () => {
    const self = randomUUID();
    await server.db.sql`
      insert into present_people (workspace_id, user_id, name, since)
      select ${workspace.id}, case n when 3 then ${self}::uuid else gen_random_uuid() end, 'P' || n,
        now() + make_interval(secs => n)
      from generate_series(1, 61) n`;
    const app = createIdentityApp(server.db.database);
    const actor = { type: 'user', id: self, name: 'P3', email: 'p3@example.org' } as const;
    const permissions = permissionsOfRole('viewer');
    const ctx = { ...personOf(app, actor), workspace, permissions, now: Date.now };
    const { items, count } = await listOthersHere(ctx);
    expect([items.length, count, items.slice(0, 3).map(({ name }) => name)]).toEqual([
      50,
      60,
      ['P1', 'P2', 'P4'],
    ]);
    const empty = await listOthersHere({ ...ctx, workspace: await server.addWorkspace('empty') });
    expect([empty.items, empty.count]).toEqual([[], 0]);
  });
});
