/*
 * How long a start takes with a large log, from the snapshot and from the log, and what snapshots cost:
 * npm run bench -- start. BENCH_OUTCOMES sets how many, 1,000,000 by default. Of these BENCH_FOLDED are folded from
 * the log; the rest is only encoded and added to the columns, because to fold a million takes long and what a start
 * reads is as large.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { encodeEntries } from '#lib/domain/attributes/encode-entries.ts';
import type { LogFacts } from '#lib/domain/outcomes/log-facts.ts';
import { appendColumns } from '#lib/domain/patterns/append-columns.ts';
import { HEADER, imageFromBytes, openImage } from '#lib/domain/patterns/fold-image.ts';
import { openDatabase } from '#lib/server/db/client.ts';
import { startEmbeddedPostgres } from '#lib/server/db/embedded/index.ts';
import { migrate } from '#lib/server/db/migrate.ts';
import { logger } from '#lib/server/logger.ts';
import { createPartitionKeeper } from '#lib/server/event-log/index.ts';
import type { FoldMemory } from '#lib/server/recalculation/fold-memory.ts';
import { createFoldPool } from '#lib/server/recalculation/index.ts';
import { Digests, digestPages, digestParts } from '#lib/server/recalculation/snapshot-bytes.ts';
import { discardSnapshot, writeSnapshot } from '#lib/server/recalculation/snapshot-store.ts';
import { WorkspaceFold } from '#lib/server/recalculation/workspace-fold.ts';
import { projectRoot } from '../support/running-server.ts';
import { writeBigLog } from './big-log.ts';
import { percentiles } from './percentiles.ts';

const OUTCOMES = Number(process.env['BENCH_OUTCOMES'] ?? 1_000_000);
const FOLDED = Math.min(OUTCOMES, Number(process.env['BENCH_FOLDED'] ?? 5_000));
const ENCODED_AT_ONCE = 5_000;
const ATTRIBUTES = 16;
const SINGLE = 300;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const number = new Intl.NumberFormat('en');

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

async function measure(url: string): Promise<void> {
  const db = openDatabase(url, { max: 8 });
  const { sql } = db;
  const partitions = createPartitionKeeper({ db });
  await partitions.start();
  const [workspace] = await sql<{ id: string; timezone: string }[]>`
    insert into workspaces (slug, name) values ('bench', 'Bench') returning id, timezone`;
  if (workspace === undefined) throw new Error('no workspace');
  const started = performance.now();
  await writeBigLog(sql, workspace.id, { outcomes: FOLDED, attributes: ATTRIBUTES });
  print(`(the log was made in ${seconds(performance.now() - started)})`);

  const read = await start('from the log');
  const whole = grown(read.fold.knowledge.memory);
  await read.stop();
  await sql`update fold_state set placed = ${OUTCOMES}, applied = ${OUTCOMES}`;
  // The entry that the memory ends with, where it now ends.
  await sql`update log_entries set position = ${OUTCOMES} where position = ${FOLDED}`;
  await discardSnapshot(sql, workspace.id);
  print(`\nfrom here on ${number.format(OUTCOMES)} outcomes with ${ATTRIBUTES} categories of 3 to 8 values`);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  let clock = performance.now();
  const none = new Digests(new Uint8Array());
  const digests = {
    pages: await digestPages(whole.image),
    parts: await digestParts(whole, none, new Set()),
  };
  const [state] = await sql<{ term: number }[]>`select term from fold_state`;
  await writeSnapshot(sql, workspace.id, state?.term ?? 0, whole, digests);
  print(
    `snapshot, whole: ${seconds(performance.now() - clock)}, ` +
      `longest wait of the event loop ${(loop.max / 1e6).toFixed(1)} ms`,
  );
  const folded = await start('from the snapshot');
  // Enough for a pruning, which has the pairs read what was only encoded.
  await apply(folded, 300);
  await folded.fold.snapshot();
  await apply(folded, 50);
  loop.reset();
  await new Promise((next) => setTimeout(next, 1_000));
  print(`(longest wait of the event loop in a second without work: ${(loop.max / 1e6).toFixed(1)} ms)`);
  loop.reset();
  clock = performance.now();
  await folded.fold.snapshot();
  print(
    `snapshot after 50 outcomes more: ${seconds(performance.now() - clock)}, ` +
      `longest wait of the event loop ${(loop.max / 1e6).toFixed(1)} ms`,
  );
  const [size] = await sql<{ bytes: number }[]>`
    select pg_total_relation_size('fold_snapshot_pages') + pg_total_relation_size('fold_snapshot_columns') as bytes`;
  print(`snapshot on disk, with what the second one replaced: ${megabytes(size?.bytes ?? 0)}`);

  for (const writing of [false, true]) {
    const done = { now: false };
    const writer = writing ? keepWriting(folded, done) : Promise.resolve(0);
    const figures = percentiles(await applySingly(folded));
    done.now = true;
    const written = await writer;
    print(
      `one outcome recorded until applied${writing ? `, ${written} snapshots meanwhile` : ''}: ` +
        `p50 ${figures.p50.toFixed(1)} ms, p99 ${figures.p99.toFixed(1)} ms, max ${figures.max.toFixed(1)} ms`,
    );
  }
  await folded.stop();
  const loaded = await start('from the snapshot, again');
  const { image, columns } = loaded.fold.knowledge.memory;
  const bytes = columns.chunks.reduce(
    (sum, { codes, meta, values, retractedBy }) =>
      sum + codes.byteLength + meta.byteLength + (values?.byteLength ?? 0) + (retractedBy?.byteLength ?? 0),
    0,
  );
  print(
    `memory: columns ${megabytes(bytes)}, two images of ${megabytes(image.buffer.byteLength)}; ` +
      `the process with its threads ${megabytes(process.memoryUsage().rss)}`,
  );
  await loaded.stop();
  await partitions.stop();
  await db.end();

  async function start(how: string) {
    const started = performance.now();
    const pool = createFoldPool({ root: projectRoot, threads: undefined, logger });
    const fold = new WorkspaceFold({
      workspace: workspace ?? { id: '', timezone: 'UTC' },
      db,
      pool,
      logger: logger.child({}, { level: 'warn' }),
      instance: 'bench',
      cube: { trackedCap: 4_000, cellLimit: 4_000_000 },
      now: () => Date.now(),
      tryLead: () => Promise.resolve(true),
      holdsLead: () => true,
      yieldLead: () => Promise.resolve(),
      ringFeed: () => undefined,
    });
    await fold.ready();
    const { total } = fold.knowledge.listPatterns({ sort: 'leading', view: 'all', limit: 100 } as never);
    const took = performance.now() - started;
    print(
      `start ${how}: ${seconds(took)} until the patterns can be listed (${total} tracked, as of ${fold.knowledge.asOf})`,
    );
    return {
      fold,
      async stop() {
        await fold.stop();
        await pool.stop();
      },
    };
  }

  /** A memory with as many rows as are wanted, those beyond the folded ones in the columns alone. */
  function grown(from: FoldMemory): FoldMemory {
    let { space, columns } = from;
    const image = imageFromBytes(from.image.layout, new Uint8Array(from.image.buffer));
    while (space.position < OUTCOMES) {
      const entries = logOf(space.position + 1, Math.min(ENCODED_AT_ONCE, OUTCOMES - space.position));
      const encoded = encodeEntries(space, entries, []);
      if (encoded.kind === 'refold') throw new Error('refold');
      columns = appendColumns(columns, encoded.batch);
      ({ space } = encoded);
    }
    openImage(image).header[HEADER.position] = space.position;
    return { ...from, space, columns, image, metrics: { ...from.metrics, position: space.position } };
  }

  function logOf(from: number, count: number): LogFacts[] {
    return Array.from({ length: count }, (_, i) => ({
      position: from + i,
      kind: 'add',
      retracts: null,
      result: Math.random() < 0.2 ? 'success' : 'failure',
      value: null,
      attributes: Object.fromEntries(
        Array.from({ length: ATTRIBUTES }, (_slot, a) => [
          `a${a}`,
          `v${Math.floor(Math.random() ** 1.5 * (3 + (a % 6)))}`,
        ]),
      ),
      localDay: 20_000,
      recordedAtMs: 0,
    }));
  }

  async function record(count: number): Promise<void> {
    const rows = Array.from({ length: count }, (_, i) => ({
      workspace_id: workspace?.id ?? '',
      kind: 'add',
      outcome_id: randomUUID(),
      result: i % 5 === 0 ? 'success' : 'failure',
      attributes: Object.fromEntries(
        Array.from({ length: ATTRIBUTES }, (_slot, a) => [`a${a}`, `v${(i + a) % 3}`]),
      ),
      occurred_at: new Date(),
    }));
    await sql`insert into log_entries ${sql(rows as never)}`;
  }

  async function apply({ fold }: { fold: WorkspaceFold }, count: number): Promise<void> {
    const position = fold.knowledge.asOf + count;
    await record(count);
    fold.wake();
    if (!(await fold.waitFor(position, 300_000))) throw new Error('not applied');
  }

  async function applySingly(one: { fold: WorkspaceFold }): Promise<number[]> {
    const times: number[] = [];
    for (let i = 0; i < SINGLE; i += 1) {
      const started = performance.now();
      await apply(one, 1);
      times.push(performance.now() - started);
    }
    return times;
  }

  /** A snapshot a second: ten times more often than a server writes them. */
  async function keepWriting({ fold }: { fold: WorkspaceFold }, done: { now: boolean }): Promise<number> {
    let written = 0;
    while (!done.now) {
      await fold.snapshot();
      written += 1;
      await new Promise((next) => setTimeout(next, 1_000));
    }
    return written;
  }
}
