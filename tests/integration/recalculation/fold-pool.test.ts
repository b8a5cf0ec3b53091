import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logger } from '#lib/server/logger.ts';
import { createFoldPool, type FoldPool } from '#lib/server/recalculation/index.ts';
import { PATIENCE_LOOKS, StuckTaskError } from '#lib/server/recalculation/task-watch.ts';
import type { FoldTask } from '#lib/domain/patterns/fold-batch.ts';
import { encodedBatch, foldLog, randomLog } from '../../unit/domain/fold-scripts.ts';
import { HANGS_AT, hangingPool } from '../../support/hanging-pool.ts';
import { until } from '../../support/running-server.ts';

const log = randomLog(3, { entries: 90, retractShare: 0 });
const before = foldLog(log.slice(0, 40), () => 40);

const batchOf = (count: number): FoldTask => ({
  front: before.image,
  spare: null,
  columns: before.columns,
  batch: encodedBatch(before.space, log.slice(40, 40 + count)),
});

let threads: ReturnType<typeof hangingPool>;
let pool: FoldPool;

beforeEach(() => {
  threads = hangingPool();
  pool = createFoldPool({ ...threads.options, threads: 2, logger });
});

afterEach(() => pool.stop());

/** The task ends well; the threads are up then. */
const folds = async (count = 20) =>
  expect(await pool.fold(batchOf(count), 'live')).toMatchObject({ ok: true });

describe('a thread that stands still', () => {
  it('is ended and replaced, and what waits for it goes on', async () => {
    await Promise.all([folds(), folds()]);
    const stuck = [HANGS_AT, HANGS_AT].map((count) => pool.fold(batchOf(count), 'live'));
    const waiting = folds();
    let reasons: unknown[] = [];
    void Promise.all(stuck.map((one) => one.catch((thrown: unknown) => thrown))).then((all) => {
      reasons = all;
    });
    await until('both were given up', () => {
      if (reasons.length < 2) threads.outlast();
      return Promise.resolve(reasons.length === 2);
    });
    for (const reason of reasons) expect(reason).toBeInstanceOf(StuckTaskError);
    await waiting;
    await Promise.all([folds(), folds(), folds()]);
  });

  it('leaves another thread alone that goes on', async () => {
    await Promise.all([folds(), folds()]);
    const stuck = pool.fold(batchOf(HANGS_AT), 'live').catch((thrown: unknown) => thrown);
    await folds();
    for (let i = 0; i < PATIENCE_LOOKS; i += 1) {
      const other = folds();
      threads.look();
      await other;
    }
    expect(await stuck).toBeInstanceOf(StuckTaskError);
    await Promise.all([folds(), folds()]);
  });

  it('does not keep the pool from stopping, nor does what waits begin then', async () => {
    await folds();
    const ends = Array.from({ length: 4 }, () =>
      pool.fold(batchOf(HANGS_AT), 'live').then(
        () => 'folded',
        () => 'not folded',
      ),
    );
    await pool.stop();
    expect(await Promise.all(ends)).toEqual(Array.from({ length: 4 }, () => 'not folded'));
  });
});
