import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Folds } from '#lib/server/app.ts';
import { readHead } from '#lib/server/event-log/index.ts';
import { logger } from '#lib/server/logger.ts';
import { createFoldPool, type FoldPool } from '#lib/server/recalculation/index.ts';
import type { FoldMemory, LogEnd } from '#lib/server/recalculation/fold-memory.ts';
import { commitApplied, LostTermError, type FoldProgress } from '#lib/server/recalculation/log-store.ts';
import { Digests, digestPages, digestParts } from '#lib/server/recalculation/snapshot-bytes.ts';
import { writeSnapshot } from '#lib/server/recalculation/snapshot-store.ts';
import { createSnapshotSource, feedCursor } from '#lib/server/services/feed/index.ts';
import { randomLog } from '../../unit/domain/fold-scripts.ts';
import {
  copyOfMemory,
  differencesOf,
  LogWriter,
  refold,
  settledLone,
  startLoneFold,
  type LoneFold,
} from '../../support/lone-fold.ts';
import { projectRoot, until } from '../../support/running-server.ts';
import { createTestApp, createTestWorkspace, testContext } from '../../support/test-workspace.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

/** What the lost history had, and up to where the copy has it. */
const LOST = 120;
const KEPT = 80;
const MORE = 30;
/** Recorded after the loss, past where the lost history was. */
const PAST = 60;

let database: TestDatabase;
let pool: FoldPool;
let folds: LoneFold[] = [];

beforeAll(async () => {
  database = await createTestDatabase({ max: 4 });
  // As when the feed has started.
  await readHead(database.sql);
  pool = createFoldPool({ root: projectRoot, threads: 2, logger });
});

afterEach(async () => {
  for (const one of folds) await one.stop();
  folds = [];
});

afterAll(async () => {
  await pool.stop();
  await database.drop();
});

/** A fold that leads while `leads` says so, as with a lock that it may lose. */
async function start(workspaceId: string, leads: boolean) {
  const role = { leads };
  const one = await startLoneFold(database.url, workspaceId, pool, { leads: () => role.leads });
  folds.push(one);
  return {
    ...one,
    /** The connection with the lock of leadership was lost; `leads`: and taken again. */
    relead(leads: boolean) {
      role.leads = leads;
      one.fold.loseLeadership();
    },
    async end(how: 'stop' | 'crash') {
      folds = folds.filter((other) => other !== one);
      await one[how]();
    },
  };
}
type Fold = Awaited<ReturnType<typeof start>>;

const write = (workspaceId: string, seed: number, entries: number) =>
  new LogWriter(database.sql, workspaceId).write(randomLog(seed, { entries }));

async function progressOf(workspaceId: string): Promise<FoldProgress> {
  const [progress] = await database.sql<FoldProgress[]>`
    select term, placed, applied from fold_state where workspace_id = ${workspaceId}`;
  if (progress === undefined) throw new Error('There is no state of the fold.');
  return progress;
}

async function hasSnapshot(workspaceId: string): Promise<boolean> {
  const found = await database.sql`select 1 from fold_snapshots where workspace_id = ${workspaceId}`;
  return found.length > 0;
}

const settled = (workspaceId: string, one: Fold) => settledLone(database.sql, workspaceId, one);

/** Wakes a fold, as the beat does, until it has what the log gives. */
async function expectRefolded(workspaceId: string, one: Fold): Promise<void> {
  const expected = await refold(database.sql, workspaceId, pool);
  one.fold.wake();
  await until('it has what the log gives', () => {
    one.fold.wake();
    return Promise.resolve(one.fold.readFrom !== null && differencesOf(one.memory(), expected).length === 0);
  });
}

/** A leader and a follower that both have everything, and a snapshot of it. */
async function pair(): Promise<{ workspaceId: string; leader: Fold; follower: Fold }> {
  const workspaceId = randomUUID();
  await write(workspaceId, 7, LOST);
  const leader = await start(workspaceId, true);
  await settled(workspaceId, leader);
  const follower = await start(workspaceId, false);
  await expectRefolded(workspaceId, follower);
  await leader.fold.snapshot();
  return { workspaceId, leader, follower };
}

/** The database goes on from a copy that had the first entries only; the snapshots stay, as one written since would. */
async function goOnFromCopy(workspaceId: string, position = KEPT): Promise<void> {
  await database.sql.begin(async (tx) => {
    await tx`delete from log_entries where workspace_id = ${workspaceId} and position > ${position}`;
    await tx`
      delete from setting_entries
      where workspace_id = ${workspaceId} and (effective_after is null or effective_after >= ${position})`;
    await tx`delete from pattern_history where workspace_id = ${workspaceId} and position > ${position}`;
    await tx`delete from patterns where workspace_id = ${workspaceId} and position > ${position}`;
    await tx`
      update fold_state set placed = ${position}, applied = ${position} where workspace_id = ${workspaceId}`;
  });
}

const SNAPSHOTS = ['fold_snapshots', 'fold_snapshot_pages', 'fold_snapshot_columns'] as const;

/** Puts a snapshot aside, or back. */
async function moveSnapshot(from: string, to: string): Promise<void> {
  for (const table of SNAPSHOTS) {
    await database.sql`delete from ${database.sql(table)} where workspace_id = ${to}`;
    await database.sql`update ${database.sql(table)} set workspace_id = ${to} where workspace_id = ${from}`;
  }
}

/** The folds of an instance that looks for no work by itself. */
const foldsOf = ({ fold }: Fold): Folds => ({
  of: async () => {
    await fold.ready();
    return fold.knowledge;
  },
  readApplied: (sql) => fold.readApplied(sql),
  waitFor: (_, position, deadlineMs) => fold.waitFor(position, deadlineMs),
  check: () => Promise.resolve(null),
  health: () => [],
});

/** Positions that the figures of a snapshot speak of. */
async function snapshotOf(workspaceId: string, one: Fold): Promise<number[]> {
  const source = createSnapshotSource({ db: database.database, folds: foldsOf(one) });
  const { figures } = await source({ workspaceId, topics: ['patterns', 'metrics'], scopes: ['workspace'] });
  return ((await figures?.parts()) ?? []).flatMap(({ items }) => items.map(({ rev }) => rev));
}

describe('when the database goes on from a copy that was behind', () => {
  it('a snapshot of the feed is of what it has, before any fold has noticed', async () => {
    const { workspaceId, leader, follower } = await pair();
    expect(await snapshotOf(workspaceId, follower)).toEqual([LOST, LOST]);
    await goOnFromCopy(workspaceId);
    for (const one of [leader, follower]) {
      expect(await snapshotOf(workspaceId, one)).toEqual([KEPT, KEPT]);
      const expected = await refold(database.sql, workspaceId, pool);
      expect(differencesOf(one.memory(), expected)).toEqual([]);
    }
  });

  it('a page gets no figures of what was lost either, although as much was recorded since', async () => {
    const { workspaceId, leader, follower } = await pair();
    await goOnFromCopy(workspaceId);
    leader.relead(false);
    await write(workspaceId, 8, LOST - KEPT);
    const other = await start(workspaceId, true);
    await settled(workspaceId, other);
    expect(differencesOf(follower.memory(), other.memory())).not.toEqual([]);
    const app = await createTestApp(database.database, { folds: foldsOf(follower) });
    await feedCursor(testContext(app, await createTestWorkspace(database.database, { id: workspaceId })));
    await app.folds.of(workspaceId);
    expect(differencesOf(follower.memory(), other.memory())).toEqual([]);
    expect(await snapshotOf(workspaceId, leader)).toEqual([LOST, LOST]);
    expect(differencesOf(leader.memory(), other.memory())).toEqual([]);
  });

  it('a leader and a follower begin anew from what it has, before anything new is recorded', async () => {
    const { workspaceId, leader, follower } = await pair();
    await goOnFromCopy(workspaceId);
    leader.relead(true);
    await expectRefolded(workspaceId, leader);
    await expectRefolded(workspaceId, follower);
    expect(leader.fold.knowledge.asOf).toBe(KEPT);
    expect(follower.fold.knowledge.asOf).toBe(KEPT);
    await write(workspaceId, 8, MORE);
    await settled(workspaceId, leader);
    for (const one of [leader, follower]) await expectRefolded(workspaceId, one);
  });

  it('so do those that look only when it has passed them, whichever of them leads then', async () => {
    const { workspaceId, leader, follower } = await pair();
    await goOnFromCopy(workspaceId);
    leader.relead(false);
    await write(workspaceId, 8, PAST);
    const other = await start(workspaceId, true);
    await settled(workspaceId, other);
    expect((await progressOf(workspaceId)).applied).toBe(KEPT + PAST);
    await other.end('crash');
    follower.relead(true);
    for (const one of [leader, follower]) await expectRefolded(workspaceId, one);
    await write(workspaceId, 9, MORE);
    await settled(workspaceId, follower);
    for (const one of [leader, follower]) await expectRefolded(workspaceId, one);
  });

  it('a setting that was lost is forgotten, with another in its place too', async () => {
    const { workspaceId, leader, follower } = await pair();
    const pin = async (value: string, effect: Fold) => {
      await database.sql`
        insert into setting_entries (workspace_id, kind, payload, recorded_by)
        values (${workspaceId}, 'pattern.pin',
          ${database.sql.json({ conditions: [{ attribute: 'flag2', value }] })}, 'test')`;
      await settled(workspaceId, effect);
    };
    await pin('true', leader);
    await expectRefolded(workspaceId, follower);
    await goOnFromCopy(workspaceId, LOST);
    leader.relead(true);
    await expectRefolded(workspaceId, leader);
    await pin('false', leader);
    for (const one of [leader, follower]) await expectRefolded(workspaceId, one);
  });

  it('a leader that has not noticed writes neither figures nor a snapshot', async () => {
    const { workspaceId, leader } = await pair();
    await write(workspaceId, 6, MORE);
    await settled(workspaceId, leader);
    await goOnFromCopy(workspaceId);
    await database.sql`delete from fold_snapshots where workspace_id = ${workspaceId}`;
    await leader.end('stop');
    expect(await progressOf(workspaceId)).toMatchObject({ placed: KEPT, applied: KEPT });
    expect(await hasSnapshot(workspaceId)).toBe(false);
  });

  it('writes of who still has the lost history are refused, were even its term and its place given anew', async () => {
    const { workspaceId, leader } = await pair();
    const lost = copyOfMemory(leader.memory());
    await leader.end('crash');
    await goOnFromCopy(workspaceId);
    await write(workspaceId, 8, LOST - KEPT);
    const other = await start(workspaceId, true);
    await settled(workspaceId, other);
    const kept = copyOfMemory(other.memory());
    await other.end('crash');
    const progress = await progressOf(workspaceId);
    expect(progress).toMatchObject({ placed: LOST, applied: LOST });
    const commit = (position: number, end: LogEnd) => {
      const nothing = { settings: [], decisions: [], patterns: [], events: [] };
      return commitApplied(database.database, { workspaceId, progress, position, end, ...nothing });
    };
    const snapshot = async (memory: FoldMemory) => {
      const pages = await digestPages(memory.image);
      const parts = await digestParts(memory, new Digests(new Uint8Array()), new Set());
      return writeSnapshot(database.sql, workspaceId, progress.term, memory, { pages, parts });
    };
    const setting = { effectiveAfter: 5, ordinal: 1, recordedAt: '2026-01-05T10:00:00.000001Z' };
    for (const refused of [
      () => commit(LOST, lost.end),
      () => commit(LOST, { ...kept.end, setting }),
      () => commit(LOST + 1, kept.end),
      () => snapshot(lost),
    ]) {
      await expect(refused()).rejects.toThrow(LostTermError);
    }
    expect(await progressOf(workspaceId)).toEqual(progress);
    await commit(LOST, kept.end);
    await snapshot(kept);
  });

  it('a snapshot of what was lost is not trusted, even where as much was recorded since', async () => {
    const { workspaceId, leader, follower } = await pair();
    await leader.end('stop');
    await follower.end('stop');
    await goOnFromCopy(workspaceId);
    const aside = randomUUID();
    await moveSnapshot(workspaceId, aside);
    await write(workspaceId, 8, PAST);
    const other = await start(workspaceId, true);
    await settled(workspaceId, other);
    await other.end('crash');
    await moveSnapshot(aside, workspaceId);
    const again = await start(workspaceId, true);
    await again.fold.ready();
    expect(again.fold.readFrom).toBe('log');
    await expectRefolded(workspaceId, again);
  });
});
