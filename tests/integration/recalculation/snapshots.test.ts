import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { nextSwap } from '#lib/domain/patterns/next-swap.ts';
import { logger } from '#lib/server/logger.ts';
import { createFoldPool, type FoldPool } from '#lib/server/recalculation/index.ts';
import { readSnapshot } from '#lib/server/recalculation/snapshot-store.ts';
import { randomLog } from '../../unit/domain/fold-scripts.ts';
import {
  copyOfMemory,
  CUBE,
  differencesOf,
  LogWriter,
  refold,
  settledLone,
  startLoneFold,
  type LoneFold,
} from '../../support/lone-fold.ts';
import { projectRoot, until } from '../../support/running-server.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let database: TestDatabase;
let pool: FoldPool;
let folds: LoneFold[] = [];

beforeAll(async () => {
  database = await createTestDatabase({ max: 4 });
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

async function start(
  workspaceId: string,
  options: Parameters<typeof startLoneFold>[3] = {},
): Promise<LoneFold> {
  const one = await startLoneFold(database.url, workspaceId, pool, options);
  folds.push(one);
  return one;
}

async function end(one: LoneFold, how: 'stop' | 'crash'): Promise<void> {
  folds = folds.filter((other) => other !== one);
  await one[how]();
}

const settled = (workspaceId: string, one: LoneFold) => settledLone(database.sql, workspaceId, one);
const leads = (one: LoneFold) => until('it leads', () => Promise.resolve(one.fold.leading));
const isFrozen = (one: LoneFold) => nextSwap(one.memory().image, one.memory().columns) !== null;

async function snapshotPosition(workspaceId: string): Promise<number | null> {
  const [row] = await database.sql<{ position: number }[]>`
    select position from fold_snapshots where workspace_id = ${workspaceId}`;
  return row?.position ?? null;
}

/** How a start got its memory: from the snapshot, or from the whole log. */
async function startAgain(workspaceId: string): Promise<{ one: LoneFold; loaded: boolean }> {
  const one = await start(workspaceId);
  await one.fold.ready();
  return { one, loaded: one.fold.readFrom === 'snapshot' };
}

async function expectRefolded(workspaceId: string, one: LoneFold): Promise<void> {
  expect(differencesOf(one.memory(), await refold(database.sql, workspaceId, pool))).toEqual([]);
}

/** A workspace with a log of 600 entries, folded, snapshotted and stopped. */
async function stoppedWorkspace(seed: number): Promise<string> {
  const workspaceId = randomUUID();
  await new LogWriter(database.sql, workspaceId).write(randomLog(seed, { entries: 600 }));
  const one = await start(workspaceId);
  await settled(workspaceId, one);
  await end(one, 'stop');
  expect(await snapshotPosition(workspaceId)).toBe(600);
  return workspaceId;
}

describe('a snapshot', () => {
  it(
    'is written when a leader stops, and carried on from by the next start',
    { timeout: 180_000 },
    async () => {
      const workspaceId = randomUUID();
      const log = randomLog(5, { entries: 4_700, retractShare: 0.1, categories: 80 });
      const writer = new LogWriter(database.sql, workspaceId);
      await writer.write(log.slice(0, 4_200));
      const first = await start(workspaceId);
      await settled(workspaceId, first);
      await first.fold.snapshot();
      expect(await snapshotPosition(workspaceId)).toBe(4_200);
      // Rows that earlier parts learn of later: retracts, and codes of numbers that are cut.
      await writer.write(log.slice(4_200, 4_600));
      await settled(workspaceId, first);
      await end(first, 'stop');
      await writer.write(log.slice(4_600));
      const { one, loaded } = await startAgain(workspaceId);
      expect(loaded).toBe(true);
      await settled(workspaceId, one);
      await expectRefolded(workspaceId, one);
    },
  );

  it('holds its position and no other while the fold goes on', { timeout: 180_000 }, async () => {
    const workspaceId = randomUUID();
    const log = randomLog(6, { entries: 5_000, retractShare: 0.2 });
    const writer = new LogWriter(database.sql, workspaceId);
    const one = await start(workspaceId);
    let compared = 0;
    for (let at = 0; at < log.length; at += 500) {
      await writer.write(log.slice(at, at + 500));
      one.fold.wake();
      await one.fold.waitFor(at + 100, 10_000);
      // Batches of fifty go on while it is written.
      await one.fold.snapshot();
      const read = await readSnapshot(database.sql, workspaceId, CUBE);
      if (read === null) continue;
      expect(read.damage).toEqual([]);
      const { space, settingsSeen } = read.memory;
      const upTo = { through: space.position, settingsSeen };
      const again = await refold(database.sql, workspaceId, pool, upTo);
      expect({ upTo, differences: differencesOf(read.memory, again) }).toEqual({ upTo, differences: [] });
      compared += 1;
    }
    expect(compared).toBeGreaterThan(8);
  });

  it('of another version is not read', async () => {
    const workspaceId = await stoppedWorkspace(21);
    await database.sql`
      update fold_snapshots set fold_version = fold_version + 1 where workspace_id = ${workspaceId}`;
    const { one, loaded } = await startAgain(workspaceId);
    expect(loaded).toBe(false);
    await expectRefolded(workspaceId, one);
    await leads(one);
    await end(one, 'stop');
    expect((await startAgain(workspaceId)).loaded).toBe(true);
  });

  const damages: Record<string, (workspaceId: string) => Promise<unknown>> = {
    'a flipped byte in a page': (id) => database.sql`
      update fold_snapshot_pages set bytes = set_byte(bytes, 100, get_byte(bytes, 100) # 1)
      where workspace_id = ${id} and page = (
        select min(page) from fold_snapshot_pages where workspace_id = ${id})`,
    'a lost page': (id) => database.sql`
      delete from fold_snapshot_pages where workspace_id = ${id} and page = (
        select max(page) from fold_snapshot_pages where workspace_id = ${id})`,
    'a flipped byte in the columns': (id) => database.sql`
      update fold_snapshot_columns set codes = set_byte(codes, 7, get_byte(codes, 7) # 1) where workspace_id = ${id}`,
    'lost columns': (id) => database.sql`delete from fold_snapshot_columns where workspace_id = ${id}`,
    'another description': (id) => database.sql`
      update fold_snapshots set space = replace(space, '"position":600', '"position":599')
      where workspace_id = ${id}`,
    'a position that is not applied': (id) => database.sql`
      update fold_state set applied = 300, placed = 300 where workspace_id = ${id}`,
  };
  for (const [name, damage] of Object.entries(damages)) {
    it(`with ${name} is found out, and the log is read`, async () => {
      const workspaceId = await stoppedWorkspace(22);
      await damage(workspaceId);
      const { one, loaded } = await startAgain(workspaceId);
      expect(loaded).toBe(false);
      await expectRefolded(workspaceId, one);
      // The damaged one is replaced as a whole: by the leader, once nothing is on its way that it would not have.
      await leads(one);
      await settled(workspaceId, one);
      await one.fold.snapshot();
      await end(one, 'stop');
      expect((await startAgain(workspaceId)).loaded).toBe(true);
    });
  }

  it('from before a setting that changes the past is followed by a refold', async () => {
    const workspaceId = await stoppedWorkspace(23);
    await database.sql`
      insert into setting_entries (workspace_id, kind, payload, recorded_by)
      values (${workspaceId}, 'attribute.choose', ${database.sql.json({ attributes: ['kind', 'flag2'] })}, 'test')`;
    const { one } = await startAgain(workspaceId);
    await until('the choice holds', () => {
      one.fold.wake();
      return Promise.resolve(one.memory().space.searched.length === 2);
    });
    await settled(workspaceId, one);
    await expectRefolded(workspaceId, one);
    await end(one, 'crash');
    // The snapshot in the database may still be the one from before.
    const again = await start(workspaceId);
    await settled(workspaceId, again);
    expect(
      again
        .memory()
        .space.searched.map(({ key }) => key)
        .sort(),
    ).toEqual(['flag2', 'kind']);
  });
});

describe('kill -9', () => {
  it('at twenty random moments loses nothing and doubles nothing', { timeout: 180_000 }, async () => {
    const random = seededRandom(99);
    const workspaceId = randomUUID();
    const log = randomLog(99, { entries: 4_000, retractShare: 0.15 });
    const writer = new LogWriter(database.sql, workspaceId);
    let one = await start(workspaceId);
    let loads = 0;
    for (let kill = 0; kill < 20; kill += 1) {
      const portion = log.slice(kill * 200, (kill + 1) * 200);
      for (let at = 0; at < portion.length; at += 40) {
        await writer.write(portion.slice(at, at + 40));
        one.fold.wake();
      }
      if (random() < 0.6) await one.fold.ready().then(() => void one.fold.snapshot());
      await new Promise((next) => setTimeout(next, random() * 300));
      await end(one, 'crash');
      one = await start(workspaceId);
      await one.fold.ready();
      if (one.fold.readFrom === 'snapshot') loads += 1;
      if (kill % 5 !== 0) continue;
      const memory = copyOfMemory(one.memory());
      const upTo = { through: memory.space.position, settingsSeen: memory.settingsSeen };
      expect(differencesOf(memory, await refold(database.sql, workspaceId, pool, upTo))).toEqual([]);
    }
    await settled(workspaceId, one);
    await expectRefolded(workspaceId, one);
    expect(loads).toBeGreaterThan(5);
    const [gap] = await database.sql<{ missing: number }[]>`
      select ${log.length} - count(*) + max(position) - count(*) as missing from log_entries
      where workspace_id = ${workspaceId}`;
    expect(gap?.missing).toBe(0);
    const twice = await database.sql`
      select pattern_id, position, count(*) from pattern_history where workspace_id = ${workspaceId}
      group by 1, 2 having count(*) > 1`;
    expect([...twice]).toEqual([]);
    const told = await database.sql`
      select rev, type from feed_outbox where workspace_id = ${workspaceId} and type = 'metrics.updated'
        and (payload ->> 'asOf')::bigint > 0 group by rev, type, payload -> 'counted' having count(*) > 1
        and (payload -> 'counted') is not null`;
    expect([...told]).toEqual([]);
  });
});

describe('a follower', () => {
  it('has what its leader has, after swaps and after a takeover in the middle of a replay', async () => {
    const workspaceId = randomUUID();
    const log = randomLog(31, { entries: 1_500, retractShare: 0.1 });
    const writer = new LogWriter(database.sql, workspaceId);
    const leader = await start(workspaceId);
    let leads = false;
    const follower = await start(workspaceId, { leads: () => leads });
    await Promise.all([leader.fold.ready(), follower.fold.ready()]);
    for (let at = 0; at < 1_000; at += 250) {
      await writer.write(log.slice(at, at + 250));
      await settled(workspaceId, leader);
      await until('the follower is as far', () => {
        follower.fold.wake();
        return Promise.resolve(differencesOf(leader.memory(), follower.memory()).length === 0);
      });
    }
    const [swaps] = await database.sql<{ count: number }[]>`
      select count(*) as count from setting_entries
      where workspace_id = ${workspaceId} and kind = 'evidence.swap'`;
    expect(swaps?.count).toBeGreaterThan(2);
    expect(follower.fold.leading).toBe(false);

    await writer.write(log.slice(1_000, 1_400));
    leader.fold.wake();
    await until('something is frozen', () => Promise.resolve(isFrozen(leader)));
    await end(leader, 'crash');
    leads = true;
    await writer.write(log.slice(1_400));
    await settled(workspaceId, follower);
    expect(follower.fold.leading).toBe(true);
    await expectRefolded(workspaceId, follower);
  });
});
