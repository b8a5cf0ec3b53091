import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, createGzip } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../event-log/support.ts';
import { RawReader } from '../raw-reader.ts';
import { Cluster, lasting } from './cluster.ts';
import { Follower } from './follower.ts';
import { choices, scale } from './seed.ts';
import { TcpProxy, type ProxyManners } from './tcp-proxy.ts';
import { selectPlaces, writeOnce } from './workload.ts';

/** F11 and F13: what lies between a client and the server. */
let cluster: Cluster;
const proxies: TcpProxy[] = [];
afterEach(async () => {
  await cluster.stop();
  for (const proxy of proxies.splice(0)) await proxy.stop();
});
const deadlineMs = 120_000 * scale;

async function proxied(
  manners: ProxyManners,
): Promise<{ proxy: TcpProxy; target: { url: string; token: string } }> {
  const { target } = cluster.instance(0);
  const proxy = await TcpProxy.start(target.url, manners);
  proxies.push(proxy);
  return { proxy, target: { ...target, url: proxy.through(target.url) } };
}

const follow = async (count: number, manners: ProxyManners) => {
  const { proxy, target } = await proxied(manners);
  return { proxy, followers: await cluster.follow(count, () => target) };
};

describe('F11', () => {
  it(
    'a stream of three events cut at every byte gives each event once, whatever the place of the cut',
    async () => {
      cluster = await Cluster.start(1);
      const { target } = cluster.instance(0);
      const since = await cluster.cursor();
      for (let n = 0; n < 3; n += 1) await writeOnce({ ...cluster.workload(), random: () => 0.3 });
      const whole = new RawReader(`${target.url}?since=${since}&topics=collections`, target);
      await whole.until((r) => r.deltas.length === 3);
      whole.close();
      // Headers and chunk sizes come on top of the frames.
      const length = Buffer.byteLength(whole.text) + 600;
      for (let from = 0; from < length; from += 50) {
        await Promise.all(
          Array.from({ length: 50 }, async (_, i) => {
            let cut: number | null = from + i;
            const { proxy, target: through } = await proxied({
              cutAfter: () => {
                const now = cut;
                cut = null;
                return now;
              },
            });
            const follower = new Follower({
              target: () => through,
              sql: cluster.db.sql,
              workspaceId: cluster.workspace.id,
              random: () => 0,
              since,
              patienceMs: 1,
            });
            await until(
              () => follower.places.length,
              (seen) => seen === 3,
            );
            await follower.stop();
            await proxy.stop();
          }),
        );
      }
    },
    deadlineMs,
  );

  it(
    'connections cut at random, half of them refused, and late: clients are complete all the same',
    async () => {
      cluster = await Cluster.start(1);
      const random = choices('cuts');
      await follow(8, { cutAfter: () => Math.floor(300 + random() * 4_000), refuses: () => random() < 0.5 });
      await follow(8, { delayMs: 40, cutAfter: () => Math.floor(300 + random() * 8_000) });
      const writers = cluster.writers(6);
      await lasting(2_500 * scale);
      await writers.stop();
      for (const proxy of proxies) proxy.manners = {};
      await cluster.expectComplete();
      const hellos = cluster.followers.reduce((sum, follower) => sum + follower.hellos, 0);
      expect(hellos).toBeGreaterThan(2 * cluster.followers.length);
    },
    deadlineMs,
  );

  it(
    'a blackhole is noticed by silence, and nothing is missing afterwards',
    async () => {
      cluster = await Cluster.start(1, { timings: { beatMs: 400 } });
      const { proxy, followers } = await follow(6, {});
      const writers = cluster.writers(4);
      await lasting(500);
      const before = followers.map(({ hellos }) => hellos);
      proxy.freeze();
      await lasting(1_500);
      await writers.stop();
      await cluster.expectComplete();
      for (const [n, follower] of followers.entries())
        expect(follower.hellos).toBeGreaterThan(before[n] ?? Number.POSITIVE_INFINITY);
    },
    deadlineMs,
  );

  it(
    'two connections with the same cursor are two whole streams',
    async () => {
      cluster = await Cluster.start(2);
      await cluster.follow(2);
      const writers = cluster.writers(4);
      await lasting(500 * scale);
      const [first] = cluster.followers;
      const cursor = first?.cursor ?? '';
      const { target } = cluster.instance(0);
      const twins = [0, 1].map(
        () =>
          new Follower({
            target: () => target,
            sql: cluster.db.sql,
            workspaceId: cluster.workspace.id,
            random: () => 0,
            since: cursor,
          }),
      );
      cluster.followers.push(...twins);
      await lasting(300);
      await writers.stop();
      await first?.expectComplete();
      // Their state is only that of what came after the cursor, so places are what is compared.
      for (const twin of twins) {
        await until(
          () => twin.places.at(-1),
          (last) => last === first?.places.at(-1),
        );
      }
      expect(twins[0]?.places).toEqual(twins[1]?.places);
      expect(first?.places.slice(-(twins[0]?.places.length ?? 0))).toEqual(twins[0]?.places);
      cluster.followers.splice(2);
      await Promise.all(twins.map((twin) => twin.stop()));
    },
    deadlineMs,
  );
});

describe('F12', () => {
  it(
    'through a proxy that holds streams back, polls bring everything',
    async () => {
      cluster = await Cluster.start(1);
      const { target } = await proxied({ holdsBack: true });
      const start = await cluster.cursor();
      const writers = cluster.writers(4);
      const places: number[] = [];
      let since = start;
      const poll = async (): Promise<void> => {
        const response = await fetch(`${target.url}/poll?topics=collections&wait=0&since=${since}`, {
          headers: { authorization: `Bearer ${target.token}`, connection: 'close' },
        });
        const { to, events } = (await response.json()) as { to: string; events: { c: string }[] };
        places.push(...events.map(({ c }) => Number(c.split('-')[1])));
        since = to;
      };
      const end = performance.now() + 1_000 * scale;
      while (performance.now() < end) await poll();
      await writers.stop();
      const from = Number(start.split('-')[1]);
      const expected = await until(
        () => selectPlaces(cluster.db.sql, cluster.workspace.id, 'collections', from),
        ({ waiting }) => waiting === 0,
      );
      await until(
        () => poll(),
        () => places.at(-1) === expected.places.at(-1),
      );
      expect(places).toEqual(expected.places);
    },
    deadlineMs,
  );
});

describe('F13', () => {
  it(
    'an old proxy that speaks HTTP/1.0, and one that ends what is idle, cost reconnects and no event',
    async () => {
      cluster = await Cluster.start(1, { timings: { beatMs: 2_000 } });
      await follow(4, { http10: true });
      const { followers } = await follow(4, { idleMs: 300 });
      for (let round = 0; round < 5; round += 1) {
        await Promise.all(Array.from({ length: 5 }, () => writeOnce(cluster.workload())));
        await lasting(500);
      }
      await cluster.expectComplete();
      expect(Math.min(...followers.map(({ hellos }) => hellos))).toBeGreaterThan(2);
    },
    deadlineMs,
  );

  it(
    'a proxy that compresses as it goes changes nothing',
    async () => {
      cluster = await Cluster.start(1);
      const { target } = cluster.instance(0);
      const gzip = createServer((incoming, outgoing) => {
        const headers = { authorization: incoming.headers.authorization };
        const upstream = httpRequest(
          new URL(incoming.url ?? '', target.url),
          { headers, agent: false },
          (answer) => {
            outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
            const compress = createGzip({ flush: constants.Z_SYNC_FLUSH });
            compress.pipe(outgoing);
            answer.pipe(compress);
          },
        );
        upstream.on('error', () => outgoing.destroy());
        outgoing.on('close', () => upstream.destroy());
        upstream.end();
      });
      await new Promise<void>((resolve) => gzip.listen(0, '127.0.0.1', resolve));
      try {
        const url = `http://127.0.0.1:${(gzip.address() as AddressInfo).port}/api/v1/feed`;
        await cluster.follow(4, () => ({ ...target, url }));
        const writers = cluster.writers(4);
        await lasting(500);
        await writers.stop();
        await cluster.expectComplete();
      } finally {
        gzip.closeAllConnections();
        gzip.close();
      }
    },
    deadlineMs,
  );
});
