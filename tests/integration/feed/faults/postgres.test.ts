import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventSource } from 'eventsource';
import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '#lib/server/db/client.ts';
import { startEmbeddedPostgres } from '#lib/server/db/embedded/index.ts';
import { migrate } from '#lib/server/db/migrate.ts';
import { ensurePartitions } from '#lib/server/event-log/index.ts';
import { until } from '../../event-log/support.ts';
import { removeData } from '../../../support/running-server.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import { Cluster, lasting } from './cluster.ts';
import { choices, scale } from './seed.ts';
import { TcpProxy, type ProxyManners } from './tcp-proxy.ts';
import { writeOnce } from './workload.ts';

/** F5, F6 and F16: what happens to the database and on the way to it. */
let cluster: Cluster;
const after: (() => Promise<void>)[] = [];
afterEach(async () => {
  await cluster.stop();
  for (const act of after.splice(0).reverse()) await act();
});
const deadlineMs = 120_000 * scale;

/** A PostgreSQL of one's own, to be killed. */
async function ownPostgres(): Promise<TestDatabase & { kill(signal: NodeJS.Signals): void }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'telltale-faults-'));
  const silent = () => undefined;
  const server = await startEmbeddedPostgres({
    dataDir,
    log: { info: silent, warn: silent, error: silent },
    settings: { max_connections: '100' },
  });
  await migrate(server.url);
  const database = openDatabase(server.url, { max: 20 });
  after.push(async () => {
    await database.end();
    await server.stop();
    removeData(dataDir);
  });
  return {
    url: server.url,
    database,
    sql: database.sql,
    drop: () => Promise.resolve(),
    kill(signal) {
      process.kill(
        Number.parseInt(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10),
        signal,
      );
    },
  };
}

/** The same database, reached through a proxy. */
async function behindProxy(db: TestDatabase, manners: ProxyManners = {}) {
  const proxy = await TcpProxy.start(db.url.replace(/^postgres(ql)?:/, 'http:'), manners);
  after.push(() => proxy.stop());
  const url = new URL(db.url);
  url.host = new URL(proxy.through('http://x')).host;
  const database = openDatabase(url.href, { max: 6 });
  after.push(() => database.end());
  return { proxy, db: { ...db, url: url.href, database, sql: database.sql } };
}

const terminate = (name: string) => cluster.db.sql`
  select pg_terminate_backend(pid) from pg_stat_activity
  where application_name = ${name} and datname = current_database()`;

describe('F5', () => {
  it(
    'PostgreSQL killed and shut down while writers write: clients keep their place and miss nothing',
    async () => {
      const db = await ownPostgres();
      await ensurePartitions(db.database);
      cluster = await Cluster.start(2, { db });
      await cluster.follow(8);
      const writers = cluster.writers(6, { openMs: 30 }, { mayFail: true, pauseMs: 5 });
      // SIGQUIT: it ends at once, as in a crash; SIGINT: it ends every session first.
      for (const signal of ['SIGKILL', 'SIGINT', 'SIGQUIT'] as const) {
        await lasting(500 * scale);
        db.kill(signal);
        await until(
          () => db.sql`select 1`.catch(() => []),
          (rows) => rows.length === 1,
          20_000,
        );
      }
      await lasting(500);
      await writers.stop();
      await cluster.expectComplete(30_000);
      expect(cluster.followers.flatMap(({ resets }) => resets)).toEqual([]);
    },
    deadlineMs,
  );

  it(
    'PostgreSQL away while a native reader comes back: it tries again by itself, and misses nothing',
    async () => {
      const db = await ownPostgres();
      await ensurePartitions(db.database);
      // Keeps it away for as long as the test needs; by itself it is back within a second.
      let away = false;
      const near = await behindProxy(db, { refuses: () => away });
      cluster = await Cluster.start(1, { db: near.db, timings: { maxAgeMs: 300 } });
      const { server } = cluster.instance(0);
      // A member's role is looked up with each request; a key would be known to this server without the database.
      const { token } = await server.addMember(cluster.workspace, 'viewer');
      const source = new EventSource(`${server.url}?since=${await cluster.cursor()}`, {
        fetch: (input, init) =>
          fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
      });
      const places: number[] = [];
      const goodbyes: string[] = [];
      source.addEventListener('delta', ({ lastEventId }) => places.push(Number(lastEventId.split('-')[1])));
      source.addEventListener('goaway', ({ data }) =>
        goodbyes.push((JSON.parse(String(data)) as { reason: string }).reason),
      );
      after.push(async () => source.close());
      const written = async (round: number) => {
        await writeOnce({ ...cluster.workload(), random: choices(`native ${round}`), single: true });
        const [{ last } = { last: 0 }] = await until(
          () => db.sql<{ last: number; waiting: number }[]>`
            select max(seq) as last, count(*) filter (where seq is null) as waiting from feed_outbox`,
          ([row]) => row?.waiting === 0,
        );
        await until(
          () => places.at(-1) ?? 0,
          (place) => place === last,
          20_000,
        );
      };
      await written(0);
      away = true;
      near.proxy.cut();
      db.kill('SIGKILL');
      await until(
        () => goodbyes.filter((reason) => reason === 'unavailable').length,
        (count) => count > 0 || source.readyState === EventSource.CLOSED,
        20_000,
      );
      expect(source.readyState).not.toBe(EventSource.CLOSED);
      away = false;
      await until(
        () => db.sql`select 1`.catch(() => []),
        (rows) => rows.length === 1,
        20_000,
      );
      await written(1);
      expect(places).toEqual(places.map((_, n) => n + 1));
    },
    deadlineMs,
  );

  it(
    'a database put back to an earlier time under another epoch: every client is reset once and holds what is there',
    async () => {
      cluster = await Cluster.start(2, { timings: { pollMs: 200 } });
      const { sql } = cluster.db;
      await cluster.follow(8);
      const before = cluster.writers(4);
      await lasting(400);
      await before.stop();
      await cluster.expectComplete();
      const cursor = await cluster.cursor();
      const seq = Math.floor(Number(cursor.split('-')[1]) / 2);
      await sql.begin(async (tx) => {
        await tx`delete from feed_outbox where seq > ${seq}`;
        await tx`update feed_head set epoch = 'restored1', seq = ${seq}`;
      });
      const writers = cluster.writers(4);
      await lasting(600);
      await writers.stop();
      await cluster.expectComplete();
      for (const { resets } of cluster.followers) expect(resets).toEqual(['epoch']);
    },
    deadlineMs,
  );
});

describe('F6', () => {
  it(
    'killed doorbells cost nothing, again and again',
    async () => {
      cluster = await Cluster.start(2);
      await cluster.follow(8);
      const writers = cluster.writers(4);
      for (let round = 0; round < 4 * scale; round += 1) {
        await lasting(300);
        await terminate('telltale doorbell');
      }
      await writers.stop();
      await cluster.expectComplete();
    },
    deadlineMs,
  );

  it(
    'without any doorbell an event takes at most its poll',
    async () => {
      cluster = await Cluster.start(1, { deaf: true });
      const quiet = await cluster.add({ sequence: false });
      const [follower] = await cluster.follow(1, () => quiet.target);
      for (let n = 0; n < 5 * scale; n += 1) {
        const seen = follower?.places.length ?? 0;
        await writeOnce({ ...cluster.workload(), random: () => 0.3 });
        const begun = performance.now();
        await until(
          () => follower?.places.length ?? 0,
          (length) => length > seen,
          3_000,
        );
        // A second, and what this machine needs to notice.
        expect(performance.now() - begun).toBeLessThan(1_100 + 400);
      }
      await cluster.expectComplete();
    },
    deadlineMs,
  );

  it.each([
    ['beside another instance', true],
    ['of the only instance', false],
  ])(
    'connections to the database that go dark without a word, %s, are given up, and clients go on',
    async (_, accompanied) => {
      const db = await createTestDatabase({ max: 20 });
      after.push(() => db.drop());
      const { proxy, db: far } = await behindProxy(db);
      cluster = await Cluster.start(1, { db, sequence: accompanied });
      const dark = await cluster.add({ db: far, sequence: true });
      await cluster.follow(4, () => dark.target);
      const writers = cluster.writers(4, {}, { pauseMs: 30 });
      await lasting(500);
      proxy.freeze();
      await lasting(1_000);
      await writers.stop();
      await cluster.expectComplete(60_000);
    },
    deadlineMs,
  );
});

describe('F16', () => {
  it(
    'days dropped while clients are being told of them: the rest without a hole, or a reset',
    async () => {
      cluster = await Cluster.start(1);
      const { sql } = cluster.db;
      const random = choices('days');
      const since = await cluster.cursor();
      for (let n = 0; n < 1_500; n += 1) await writeOnce({ ...cluster.workload(), random, single: true });
      const [{ head } = { head: 0 }] = await until(
        () => sql<{ head: number; waiting: number }[]>`
        select max(seq) as head, count(*) filter (where seq is null) as waiting from feed_outbox`,
        ([row]) => row?.waiting === 0,
      );
      // Started after, so that its ring holds nothing and every replay reads the outbox.
      const late = await cluster.add({ sequence: false });
      // Slow enough that most are in the middle when the days go.
      const proxy = await TcpProxy.start(late.target.url, { bytesPerSecond: 150_000 });
      after.push(() => proxy.stop());
      const target = { ...late.target, url: proxy.through(late.target.url) };
      const followers = await cluster.follow(20, () => target, since);
      await until(
        () => followers.filter(({ places }) => places.length > 0).length,
        (begun) => begun === followers.length,
      );
      await sql`delete from feed_outbox where seq <= ${Math.floor(head * 0.9)}`;
      expect(followers.filter(({ places }) => (places.at(-1) ?? 0) < head / 2).length).toBeGreaterThan(0);
      await writeOnce({ ...cluster.workload(), random, single: true });
      const [{ last } = { last: 0 }] = await until(
        () => sql<{ last: number; waiting: number }[]>`
        select max(seq) as last, count(*) filter (where seq is null) as waiting from feed_outbox`,
        ([row]) => row?.waiting === 0,
      );
      for (const follower of followers) {
        await until(
          () => follower.places.at(-1) ?? follower.startedAt,
          (place) => place === last,
          20_000,
        );
        const from = follower.startedAt ?? 0;
        expect(follower.places).toEqual(Array.from({ length: last - from }, (_, n) => from + 1 + n));
        if (from > 0) expect(follower.resets).toEqual(['expired']);
      }
    },
    deadlineMs,
  );
});
