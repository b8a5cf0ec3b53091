import { spawn } from 'node:child_process';
import { expect, test } from '@playwright/test';
import postgres from 'postgres';
import type { FoldCheckList, FoldCheckView } from '#lib/contracts/fold-check.ts';
import type { MetricsView } from '#lib/contracts/metrics.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
import { connectOrStart } from '../../src/lib/server/db/embedded/index.ts';
import { expectFeed, expectHistory, expectLog, expectOutcomes, isSettled } from '../support/exactly-once.ts';
import { MixedLoad } from '../support/mixed-load.ts';
import { freePort, projectRoot, removeData, startServer, until } from '../support/running-server.ts';
import { seededRandom } from '../support/seeded-random.ts';

/** A really running server, killed at random moments of a mixed load: TELLTALE_KILLS=20, TELLTALE_KILL_SEED=… */
const KILLS = Number(process.env['TELLTALE_KILLS'] ?? 5);
const SEED = Number(process.env['TELLTALE_KILL_SEED'] ?? Date.now() % 1_000_000);
/** Load before a kill. */
const MOST_MS = 2_500;
const quiet = { info: () => undefined, warn: console.error, error: console.error };

test(`kill -9 at ${KILLS} random moments of a mixed load: nothing lost, nothing twice, the state as the log`, async () => {
  test.setTimeout(60_000 + KILLS * 60_000);
  console.log(`kill -9 at ${KILLS} moments, seed ${SEED}`);
  const random = seededRandom(SEED);
  const port = await freePort();
  let server = await startServer({ port });
  const { dataDir } = server;
  const load = new MixedLoad((path, init) => server.api(path, init), random);
  try {
    for (let kill = 1; kill <= KILLS; kill += 1) {
      load.start();
      await new Promise((next) => setTimeout(next, 100 + random() * MOST_MS));
      // Half of the time PostgreSQL dies with it.
      const all = random() < 0.5;
      if (all) await server.killGroup();
      else await server.end('SIGKILL');
      const started = performance.now();
      server = await startServer({ port, dataDir });
      const up = performance.now() - started;
      await load.stop();
      const found = await check();
      console.log(
        `kill ${kill}${all ? ' with PostgreSQL' : ''}: ready after ${Math.round(up)} ms; ` +
          `${load.outcomes.size} outcomes, position ${found.position}, ${found.events} events of patterns, ` +
          `${load.unanswered} requests unanswered so far`,
      );
    }
    await server.end();
    const verified = await verifyLog(dataDir);
    expect(verified.output).toContain('bit for bit');
    expect(verified.code).toBe(0);
  } finally {
    if (server.process.exitCode === null && server.process.signalCode === null) await server.end();
    removeData(dataDir);
  }

  async function check(): Promise<{ position: number; events: number }> {
    const { url } = await connectOrStart({ dataDir, log: quiet });
    const sql = postgres(url, { max: 1, onnotice: () => undefined });
    try {
      await until('everything is in its place', () => isSettled(sql));
      await expectOutcomes(sql, load);
      await expectLog(sql, load);
      const metrics = await json<MetricsView>('/api/v1/metrics');
      expect(metrics.outcomes).toBe([...load.outcomes.values()].filter(({ deleted }) => !deleted).length);
      for (const [id, pinned] of load.pinned) {
        const pattern = await json<PatternView>(`/api/v1/patterns/${id}`);
        expect([id, pattern.pinned]).toEqual([id, pinned]);
      }
      const { id } = await json<FoldCheckView>('/api/v1/checks', { method: 'POST' });
      const refolded = await until('the log is checked', async () => {
        const { items } = await json<FoldCheckList>('/api/v1/checks');
        return items.find((one) => one.id === id && one.state !== 'running');
      });
      expect(refolded).toMatchObject({ state: 'done', ok: true, differences: [], position: metrics.asOf });
      // The check comes with a snapshot, and swaps may have been placed meanwhile.
      await until('everything is in its place', () => isSettled(sql));
      const events = await expectHistory(sql);
      await expectFeed(sql, load);
      return { position: metrics.asOf, events };
    } finally {
      await sql.end();
    }
  }

  async function json<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await server.api(path, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
});

function verifyLog(dataDir: string): Promise<{ code: number | null; output: string }> {
  return new Promise((done) => {
    const child = spawn('npm', ['run', '--silent', 'verify-log'], {
      cwd: projectRoot,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TELLTALE_DATA: dataDir },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('close', (code) => done({ code, output }));
  });
}
