/*
 * How long the whole log takes to read again, as a start without a snapshot and as `verify-log` do it, and what memory:
 * npm run bench -- refold. BENCH_OUTCOMES sets how many, 1,000,000 by default. The workers are those of a built server.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '#lib/server/db/client.ts';
import { startEmbeddedPostgres } from '#lib/server/db/embedded/index.ts';
import { migrate } from '#lib/server/db/migrate.ts';
import { createPartitionKeeper } from '#lib/server/event-log/index.ts';
import { logger } from '#lib/server/logger.ts';
import { startCheck } from '#lib/server/recalculation/check-fold.ts';
import { createFoldPool } from '#lib/server/recalculation/index.ts';
import { WorkspaceFold } from '#lib/server/recalculation/workspace-fold.ts';
import { projectRoot, until } from '../support/running-server.ts';
import { writeBigLog } from './big-log.ts';

const OUTCOMES = Number(process.env['BENCH_OUTCOMES'] ?? 1_000_000);
const ATTRIBUTES = 16;
const LOOK_MS = 200;
const THREADS = 2;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const perSecond = (ms: number): string => Math.round((OUTCOMES / ms) * 1_000).toLocaleString('en');

await import(join(projectRoot, 'scripts', 'build-workers.mjs'));
const quietLog = logger.child({}, { level: 'warn' });
const dataDir = mkdtempSync(join(tmpdir(), 'telltale-bench-'));
const quiet = { info: () => undefined, warn: console.error, error: console.error };
const server = await startEmbeddedPostgres({ dataDir, log: quiet });
try {
  await migrate(server.url, join(projectRoot, 'drizzle'));
  await measure(server.url);
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

/** Runs something; says how long it took, what CPU time the process had in it, and the most memory it held. */
async function timed<T>(what: string, act: () => Promise<T>): Promise<T> {
  let most = 0;
  const look = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(look, LOOK_MS);
  const cpu = process.cpuUsage();
  const started = performance.now();
  const answer = await act();
  const took = performance.now() - started;
  const used = process.cpuUsage(cpu);
  clearInterval(timer);
  look();
  print(
    `${what}: ${seconds(took)} (${perSecond(took)} outcomes/s), CPU ${seconds((used.user + used.system) / 1_000)}, ` +
      `the process with its threads at most ${megabytes(most)}, load ${loadavg()[0]?.toFixed(1)}`,
  );
  return answer;
}

async function measure(url: string): Promise<void> {
  const db = openDatabase(url, { max: 8 });
  const { sql } = db;
  const partitions = createPartitionKeeper({ db });
  await partitions.start();
  const [workspace] = await sql<{ id: string; timezone: string }[]>`
    insert into workspaces (slug, name) values ('bench', 'Bench') returning id, timezone`;
  if (workspace === undefined) throw new Error('no workspace');
  print(`${OUTCOMES.toLocaleString('en')} outcomes with ${ATTRIBUTES} categories of 3 to 8 values`);
  await writeBigLog(sql, workspace.id, { outcomes: OUTCOMES, attributes: ATTRIBUTES });

  const start = () => {
    const pool = createFoldPool({ root: projectRoot, threads: THREADS, logger: quietLog, built: true });
    const fold = new WorkspaceFold({
      workspace,
      db,
      pool,
      logger: quietLog,
      instance: 'bench',
      cube: { trackedCap: 4_000, cellLimit: 4_000_000 },
      now: () => Date.now(),
      tryLead: () => Promise.resolve(true),
      holdsLead: () => true,
      yieldLead: () => Promise.resolve(),
      ringFeed: () => undefined,
    });
    return { pool, fold };
  };
  const first = start();
  await timed('start without a snapshot', () => first.fold.ready());
  // Only a leader writes snapshots.
  await until('it leads', () => Promise.resolve(first.fold.leading));
  await first.fold.snapshot();
  await first.fold.stop();
  await first.pool.stop();

  const second = start();
  await timed('start from the snapshot', () => second.fold.ready());
  await second.fold.stop();
  await second.pool.stop();
  global.gc?.();

  const pool = createFoldPool({ root: projectRoot, threads: THREADS, logger: quietLog, built: true });
  const result = await timed('verify-log', async () => {
    const begun = await startCheck({ sql, pool, workspaceId: workspace.id, logger: quietLog }, 'bench');
    return begun?.result;
  });
  print(
    `differences: ${result === undefined || 'error' in result ? JSON.stringify(result) : result.differences.length}`,
  );
  await pool.stop();
  await partitions.stop();
  await db.end();
}
