import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { LogFacts } from '#lib/domain/outcomes/log-facts.ts';
import { copyPart, partsAt } from '#lib/domain/patterns/column-parts.ts';
import { imageFromBytes } from '#lib/domain/patterns/fold-image.ts';
import { nextSwap } from '#lib/domain/patterns/next-swap.ts';
import { openDatabase, type Sql } from '#lib/server/db/client.ts';
import { logger } from '#lib/server/logger.ts';
import type { FoldMemory } from '#lib/server/recalculation/fold-memory.ts';
import type { FoldPool } from '#lib/server/recalculation/fold-pool.ts';
import { FoldSteps } from '#lib/server/recalculation/fold-steps.ts';
import { emptyMemory } from '#lib/server/recalculation/fold-memory.ts';
import { isKnown, readProgress, readSettings } from '#lib/server/recalculation/log-store.ts';
import { readLog } from '#lib/server/recalculation/read-log.ts';
import { WorkspaceFold } from '#lib/server/recalculation/workspace-fold.ts';

const CONNECTIONS = 4;
export const CUBE = { trackedCap: 300, cellLimit: 100_000 };

/** The fold of one workspace by itself: no timers that find work, no lock; whoever starts one leads. */
export interface LoneFold {
  fold: WorkspaceFold;
  memory(): FoldMemory;
  /** Ends it as kill -9 does: statements under way are cut off, nothing is written any more. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

export async function startLoneFold(
  url: string,
  workspaceId: string,
  pool: FoldPool,
  options: { leads?: () => boolean } = {},
): Promise<LoneFold> {
  const db = openDatabase(url, { max: CONNECTIONS });
  // A new connection asks for types first; when that is cut off, nobody can catch it.
  await Promise.all(Array.from({ length: CONNECTIONS }, () => db.sql`select pg_sleep(0.01)`));
  const quiet = logger.child({}, { level: 'silent' });
  const fold = new WorkspaceFold({
    workspace: { id: workspaceId, timezone: 'UTC' },
    db,
    pool,
    logger: quiet,
    instance: `lone-${randomUUID().slice(0, 6)}`,
    cube: CUBE,
    now: () => Date.now(),
    tryLead: () => Promise.resolve(options.leads?.() ?? true),
    holdsLead: () => options.leads?.() ?? true,
    yieldLead: () => Promise.resolve(),
    ringFeed: () => undefined,
  });
  return {
    fold,
    memory: () => fold.knowledge.memory,
    async crash() {
      await db.sql.end({ timeout: 0 });
      await fold.stop();
    },
    async stop() {
      await fold.stop();
      await db.end();
    },
  };
}

/** Waits until everything is placed and applied, no setting waits and nothing is frozen; wakes the fold like a doorbell. */
export async function settledLone(sql: Sql, workspaceId: string, { fold, memory }: LoneFold): Promise<void> {
  const end = Date.now() + 110_000;
  // Before that it may hold a snapshot that is still to be carried on from.
  await fold.ready();
  for (;;) {
    fold.wake();
    const [row] = await sql<{ waiting: number; settings: number; placed: number; applied: number }[]>`
      select
        (select count(*) from log_entries where workspace_id = ${workspaceId} and position is null) as waiting,
        (select count(*) from setting_entries where workspace_id = ${workspaceId} and effective_after is null)
          as settings,
        coalesce(max(placed), 0) as placed, coalesce(max(applied), 0) as applied
      from fold_state where workspace_id = ${workspaceId}`;
    const done = row !== undefined && row.waiting === 0 && row.settings === 0 && row.placed === row.applied;
    const { asOf } = fold.knowledge;
    const { image, columns } = memory();
    if (done && asOf === row.applied && nextSwap(image, columns) === null) return;
    if (Date.now() > end) throw new Error(`not settled: ${JSON.stringify(row)}, as of ${asOf}`);
    await new Promise((next) => setTimeout(next, 10));
  }
}

/** Puts entries into the log as recording them would, each retract naming the add it takes back. */
export class LogWriter {
  readonly #sql: Sql;
  readonly #workspaceId: string;
  readonly #ids = new Map<number, number>();

  constructor(sql: Sql, workspaceId: string) {
    this.#sql = sql;
    this.#workspaceId = workspaceId;
  }

  async write(log: readonly LogFacts[]): Promise<void> {
    if (log.length === 0) return;
    const sql = this.#sql;
    const ids = await sql<{ id: number }[]>`
      select nextval('log_entries_id_seq') as id from generate_series(1, ${log.length}::int)`;
    log.forEach(({ position }, i) => this.#ids.set(position, ids[i]?.id ?? 0));
    const rows = log.map((entry) => ({
      id: this.#ids.get(entry.position),
      workspace_id: this.#workspaceId,
      kind: entry.kind,
      outcome_id: randomUUID(),
      retracts: entry.retracts === null ? null : this.#ids.get(entry.retracts),
      result: entry.result,
      value: entry.value,
      attributes: entry.attributes,
      occurred_at: new Date(entry.localDay * 86_400_000 + 43_200_000),
      recorded_at: new Date(1_700_000_000_000 + entry.recordedAtMs),
    }));
    await sql`insert into log_entries ${sql(rows as never)}`;
  }
}

/** A memory as it is now, for later: its image is overwritten as the fold goes on. */
export function copyOfMemory(memory: FoldMemory): FoldMemory {
  const { buffer, layout } = memory.image;
  return { ...memory, image: imageFromBytes(layout, new Uint8Array(buffer)) };
}

/** What a refold from the first entry gives, up to a position and with the settings known there. */
export async function refold(
  sql: Sql,
  workspaceId: string,
  pool: FoldPool,
  upTo?: { through: number; settingsSeen: number },
): Promise<FoldMemory> {
  const { applied } = await readProgress(sql, workspaceId);
  const stored = await readSettings(sql, workspaceId, 0);
  const known = stored.filter((one) => upTo === undefined || isKnown(one, upTo.through, upTo.settingsSeen));
  const pace = { rows: 700, ahead: 5_000 };
  const reading = { sql, workspaceId, steps: new FoldSteps(pool), pace, check: () => undefined };
  const empty = emptyMemory(
    CUBE,
    known.map(({ entry }) => entry),
  );
  return (await readLog(reading, empty, upTo?.through ?? applied)).memory;
}

/** Parts in which two memories differ; none when they are the same to the last bit. */
export function differencesOf(a: FoldMemory, b: FoldMemory): string[] {
  const parts = (memory: FoldMemory) =>
    Array.from({ length: partsAt(memory.space.position) }, (_, part) =>
      copyPart(memory.columns, memory.space, part),
    );
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  const bytes = (memory: FoldMemory) => Buffer.from(memory.image.buffer);
  return [
    ['layout', isDeepStrictEqual(a.image.layout, b.image.layout)],
    ['image', bytes(a).equals(bytes(b))],
    ['columns', isDeepStrictEqual(parts(a), parts(b))],
    ['space', isDeepStrictEqual(plain(a.space), plain(b.space))],
    ['metrics', isDeepStrictEqual(plain(a.metrics), plain(b.metrics))],
    ['leaders', isDeepStrictEqual([...a.leaders], [...b.leaders])],
    ['confirmations', isDeepStrictEqual(a.confirmations, b.confirmations)],
    ['clock', a.lastRecordedAtMs === b.lastRecordedAtMs],
  ].flatMap(([name, same]) => (same === true ? [] : [String(name)]));
}
