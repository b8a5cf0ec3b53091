import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { openDatabase } from '#lib/server/db/client.ts';
import { startEmbeddedPostgres } from '#lib/server/db/embedded/index.ts';
import { Follower } from '../integration/feed/faults/follower.ts';
import { among, choices, scale } from '../integration/feed/faults/seed.ts';
import { API_KEY, removeData, startServer, until, type RunningServer } from '../support/running-server.ts';

/** With the product as it is built: two instances on one PostgreSQL, killed, ended and replaced under load. */
test('F4, F5: two servers are killed, ended and replaced, and PostgreSQL as well: nobody misses an outcome or sees one twice', async () => {
  test.setTimeout(240_000 * scale);
  const dataDir = mkdtempSync(join(tmpdir(), 'telltale-faults-'));
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  const random = choices('servers');
  const start = () => startServer({ dataDir: join(dataDir, 'app'), env: { DATABASE_URL: postgres.url } });
  const servers: RunningServer[] = [await start()];
  servers.push(await start());
  const db = openDatabase(postgres.url, { max: 4 });
  const postmaster = () => {
    const pid = Number.parseInt(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10);
    // Being written.
    if (Number.isNaN(pid)) throw new Error('postmaster.pid names no process');
    return pid;
  };
  const followers: Follower[] = [];
  let recording = true;
  const recorded: string[] = [];
  const recorder = async (name: number) => {
    for (let n = 0; recording; n += 1) {
      const body = JSON.stringify({
        subject: `${name}/${n}`,
        externalId: `${name}/${n}`,
        result: 'success',
        attributes: {},
      });
      const headers = { 'content-type': 'application/json' };
      // Sent again until it is taken, as docs say; the same external id adds nothing.
      for (let done = false; !done;) {
        const response = await among(servers, random)
          .api('/api/v1/outcomes', { method: 'POST', headers, body, signal: AbortSignal.timeout(5_000) })
          .catch(() => null);
        done = response?.status === 201;
        if (done) recorded.push(`${name}/${n}`);
        else await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  try {
    const [workspace] = await db.sql<{ id: string }[]>`select id from workspaces where slug = 'calls'`;
    const [head] = await db.sql<{ cursor: string }[]>`select epoch || '-' || seq as cursor from feed_head`;
    for (let n = 0; n < 10; n += 1) {
      followers.push(
        new Follower({
          target: () => ({ url: `${among(servers, random).url}/api/v1/feed`, token: API_KEY }),
          sql: db.sql,
          workspaceId: workspace?.id ?? '',
          topic: 'outcomes',
          since: head?.cursor ?? '',
          random,
        }),
      );
    }
    const recorders = [0, 1, 2].map(recorder);
    const faults = ['SIGKILL', 'SIGTERM', 'postgres', 'SIGKILL', 'SIGTERM', 'postgres'] as const;
    for (let round = 0; round < faults.length * scale; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      const fault = faults[round % faults.length];
      if (fault === 'postgres') {
        const killed = postmaster();
        process.kill(killed, 'SIGKILL');
        // A backend of the one that was killed may still answer.
        await until(
          'PostgreSQL',
          async () => postmaster() !== killed && (await db.sql`select 1`).length === 1,
        );
      } else {
        const gone = servers.shift();
        servers.push(await start());
        await gone?.end(fault);
      }
    }
    recording = false;
    await Promise.all(recorders);
    for (const follower of followers) await follower.expectComplete(30_000);
    expect(followers.flatMap(({ resets }) => resets)).toEqual([]);
    const [count] = await db.sql<{ n: number }[]>`
      select count(*) as n from outcomes where external_id = any(${recorded}::text[])`;
    expect(count?.n).toBe(recorded.length);
    for (const follower of followers) expect(follower.state.size).toBeGreaterThanOrEqual(recorded.length);
    for (const server of servers) expect(server.process.exitCode).toBeNull();
  } finally {
    recording = false;
    await Promise.all(followers.map((follower) => follower.stop()));
    for (const server of servers) await server.end();
    await db.end();
    await postgres.stop();
    removeData(dataDir);
  }
});
