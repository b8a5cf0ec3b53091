import { spawn } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createParser } from 'eventsource-parser';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Reset } from '#lib/contracts/feed.ts';
import { until } from '../../event-log/support.ts';
import { RawReader } from '../raw-reader.ts';
import { Cluster, lasting } from './cluster.ts';
import { choices, scale } from './seed.ts';
import { watchStatements } from '../../../support/watched-database.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { writeOnce } from './workload.ts';

/** F8 to F10, F14, F15, F17, F18 and F21: what clients do, and clocks. */
let cluster: Cluster;
const after: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  await cluster.stop();
  for (const act of after.splice(0).reverse()) await act();
});
const deadlineMs = 120_000 * scale;
const streams = () => cluster.instances.reduce((sum, { server }) => sum + server.hub.stats().streams, 0);

/** Large changes, so that kernel buffers fill. */
async function flood(megabytes: number): Promise<void> {
  const { sql } = cluster.db;
  for (let n = 0; n < megabytes; n += 1) {
    await sql`
      insert into feed_outbox (workspace_id, topic, type, op, key, rev, scope, payload)
      select ${cluster.workspace.id}, 'collections', 'import.progressed', 'upsert', 'large' || k % 10,
        ${n} * 250 + k, 'workspace', jsonb_build_object('id', repeat('x', 4000))
      from generate_series(1, 250) as k`;
    cluster.instance(0).server.doorbell.ringFeed();
    await lasting(10);
  }
}

describe('F8, F9, F10', () => {
  it(
    'one that stops, one that crawls and one that is stopped end complete and disturb no other',
    async () => {
      cluster = await Cluster.start(1);
      const { target } = cluster.instance(0);
      const [quick] = await cluster.follow(1);
      const crawling = await TcpProxy.start(target.url, { bytesPerSecond: 2_000_000 });
      after.push(() => crawling.stop());
      await cluster.follow(2, () => ({ ...target, url: crawling.through(target.url) }));
      const since = await cluster.cursor();
      const seen: string[] = [];
      const resets: Reset[] = [];
      let place: string | undefined;
      const parser = createParser({
        onEvent({ event, id, data }) {
          if (event === 'delta') seen.push((place = id ?? ''));
          else if (event === 'reset') {
            const reset = JSON.parse(data) as Reset;
            resets.push(reset);
            place = reset.head;
          }
        },
      });
      const child = spawn('curl', [
        '-sN',
        '-H',
        `Authorization: Bearer ${target.token}`,
        `${target.url}?topics=collections&since=${since}&snapshot=never`,
      ]);
      child.stdout.setEncoding('utf8').on('data', (text: string) => parser.feed(text));
      after.push(() => void child.kill('SIGKILL'));
      await until(streams, (count) => count === 4);
      child.kill('SIGSTOP');
      await flood(6 * scale);
      await quick?.expectComplete(30_000);
      child.kill('SIGCONT');
      const last = await cluster.cursor();
      await until(
        () => place,
        (id) => id === last,
        30_000,
      );
      expect(new Set(seen).size).toBe(seen.length);
      // Six megabytes are kept for it; of more it is told where to begin anew.
      if (scale === 1) expect(resets).toEqual([]);
      await cluster.expectComplete(40_000);
    },
    deadlineMs,
  );
});

describe('F14', () => {
  it(
    'three hundred that lose their connection together three times come back together, and all are complete',
    async () => {
      cluster = await Cluster.start(2);
      const followers = await cluster.follow(300 * scale);
      // By what they were told themselves: a server knows of a lost stream only some time later.
      const allCameBackSince = (before: readonly number[]) =>
        until(
          () => followers.filter(({ hellos }, n) => hellos <= (before[n] ?? 0)).length,
          (missing) => missing === 0,
          deadlineMs / 4,
        );
      await allCameBackSince([]);
      for (let round = 0; round < 3; round += 1) {
        const writers = cluster.writers(4);
        await lasting(300);
        const before = followers.map(({ hellos }) => hellos);
        for (const { server } of cluster.instances) server.http.closeAllConnections();
        await lasting(200);
        // They come back to what was written meanwhile, and are not kept from it by more.
        await writers.stop();
        await allCameBackSince(before);
      }
      await cluster.expectComplete(deadlineMs / 4);
      expect(cluster.followers.flatMap(({ resets, goodbyes }) => [...resets, ...goodbyes])).toEqual([]);
      expect(Math.min(...followers.map(({ hellos }) => hellos))).toBeGreaterThanOrEqual(4);
    },
    deadlineMs,
  );
});

describe('F14, after a restart', () => {
  it.each([
    ['from one place', () => 7],
    ['each from a place of their own', (n: number) => n],
  ])(
    'two hundred that come back %s to a server with nothing in memory ask the database together',
    async (_, placeOf) => {
      cluster = await Cluster.start(1);
      const random = choices('restart');
      for (let n = 0; n < 300; n += 1) await writeOnce({ ...cluster.workload(), random, single: true });
      const [{ last } = { last: 0 }] = await until(
        () => cluster.db.sql<{ last: number; waiting: number }[]>`
          select max(seq) as last, count(*) filter (where seq is null) as waiting from feed_outbox`,
        ([row]) => row?.waiting === 0,
      );
      let statements = 0;
      const db = watchStatements(cluster.db, () => {
        statements += 1;
        return undefined;
      });
      const { server, target } = await cluster.add({ db, sequence: false });
      const epoch = (await cluster.cursor()).split('-')[0];
      const before = statements;
      const readers = Array.from(
        { length: 200 },
        (_each, n) => new RawReader(`${target.url}?since=${epoch}-${placeOf(n)}`, target),
      );
      await Promise.all(
        readers.map((reader) => reader.until((r) => r.deltas.at(-1)?.id === `${epoch}-${last}`, 20_000)),
      );
      console.info(
        `F14: ${statements - before} statements, of which ${server.hub.stats().replays} read pages`,
      );
      expect(statements - before).toBeLessThan(100);
      for (const [n, reader] of readers.entries()) {
        expect(reader.frames[0]?.json['resume']).toBe('ok');
        expect(reader.deltas).toHaveLength(last - placeOf(n));
        reader.close();
      }
    },
    deadlineMs,
  );
});

describe('F15', () => {
  it(
    'clients thrown out at random while there is much to tell have everything in the end',
    async () => {
      cluster = await Cluster.start(2);
      await cluster.follow(40);
      const random = choices('kicks');
      const writers = cluster.writers(8);
      const end = performance.now() + 3_000 * scale;
      while (performance.now() < end) {
        cluster.followers[Math.floor(random() * cluster.followers.length)]?.kick();
        await lasting(5 + random() * 20);
      }
      await writers.stop();
      await cluster.expectComplete(30_000);
    },
    deadlineMs,
  );
});

describe('F4, F22', () => {
  it(
    'instances are replaced one after the other, politely and not, and nobody misses anything',
    async () => {
      cluster = await Cluster.start(2);
      await cluster.follow(30);
      // Through a connection of their own, since the instances' doorbells come and go.
      const writers = cluster.writers(4);
      for (let round = 0; round < 4 * scale; round += 1) {
        await lasting(300);
        await cluster.add();
        if (round % 2 === 1) cluster.instance(0).server.http.closeAllConnections();
        await cluster.remove(0);
      }
      await writers.stop();
      await cluster.expectComplete(30_000);
      expect(cluster.followers.flatMap(({ resets }) => resets)).toEqual([]);
      expect(new Set(cluster.followers.flatMap(({ goodbyes }) => goodbyes))).toEqual(new Set(['deploy']));
    },
    deadlineMs,
  );
});

describe('F17', () => {
  it(
    'a listener of the doorbell that throws takes nothing from the others',
    async () => {
      cluster = await Cluster.start(1);
      const { doorbell } = cluster.instance(0).server;
      const poison = () => {
        throw new Error('poison');
      };
      after.push(doorbell.onFeed(poison), doorbell.onSequenced(poison), doorbell.onLog(poison));
      await cluster.follow(4);
      const writers = cluster.writers(2);
      await lasting(300);
      await writers.stop();
      await cluster.expectComplete();
    },
    deadlineMs,
  );
});

describe('F18', () => {
  it(
    'a clock that jumps by hours changes neither the order nor who is served',
    async () => {
      const real = Date.now;
      let jump = 0;
      const clock = vi.spyOn(Date, 'now').mockImplementation(() => real() + jump);
      after.push(() => clock.mockRestore());
      cluster = await Cluster.start(2);
      await cluster.follow(4);
      const writers = cluster.writers(2);
      for (const hours of [1, -1, 24, -24, 0]) {
        jump = hours * 3_600_000;
        // The database's clock as well: what it writes then lies in other days.
        await cluster.db.sql`
          insert into feed_outbox (workspace_id, topic, type, op, key, rev, scope, payload, created_at)
          values (${cluster.workspace.id}, 'collections', 'import.progressed', 'upsert', ${`clock${hours}`}, 1,
            'workspace', '{"id":"x"}', now() + make_interval(hours => ${hours}::int))`;
        await lasting(200);
      }
      await writers.stop();
      await cluster.expectComplete();
      expect(cluster.followers.flatMap(({ resets, goodbyes }) => [...resets, ...goodbyes])).toEqual([]);
    },
    deadlineMs,
  );
});

describe('F21', () => {
  it(
    'a thousand clients that come and go leave no stream, no timer and no memory behind',
    async () => {
      cluster = await Cluster.start(1);
      const { target } = cluster.instance(0);
      const round = async (): Promise<void> => {
        const readers = Array.from({ length: 100 }, () => new RawReader(target.url, target));
        await Promise.all(readers.map((reader) => reader.until((r) => r.frames.length > 0)));
        for (const reader of readers) reader.close();
        await until(streams, (count) => count === 0);
      };
      const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
      const collect = (setFlagsFromString('--expose_gc'), runInNewContext('gc') as () => void);
      const memory = () => {
        collect();
        const { heapUsed, external } = process.memoryUsage();
        return heapUsed + external;
      };
      for (let n = 0; n < 3; n += 1) await round();
      const before = { timers: timers(), memory: memory() };
      for (let n = 0; n < 10 * scale; n += 1) await round();
      await until(timers, (count) => count <= before.timers + 5);
      const grown = await until(
        () => (memory() - before.memory) / (1_000 * scale),
        (bytes) => bytes < 2_000,
        10_000,
      );
      console.info(`F21: ${Math.round(grown)} bytes a client that came and went`);
    },
    deadlineMs,
  );
});
