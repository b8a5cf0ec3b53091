import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomUUID } from 'node:crypto';
import { logger } from '#lib/server/logger.ts';
import { createFoldPool, type FoldPool } from '#lib/server/recalculation/index.ts';
import { randomLog } from '../../unit/domain/fold-scripts.ts';
import { differencesOf, LogWriter, refold, settledLone, startLoneFold } from '../../support/lone-fold.ts';
import { projectRoot } from '../../support/running-server.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let database: TestDatabase;
let pool: FoldPool;

beforeAll(async () => {
  database = await createTestDatabase({ max: 6 });
  pool = createFoldPool({ root: projectRoot, threads: 2, logger });
});

afterAll(async () => {
  await pool.stop();
  await database.drop();
});

const SCRIPTS = 100;
const AT_ONCE = 10;

/** One workspace: a log with many retracts, written in portions while its fold runs. */
async function runScript(seed: number): Promise<{ differences: string[]; swaps: number }> {
  const random = seededRandom(seed);
  const workspaceId = randomUUID();
  const log = randomLog(seed, {
    entries: 120 + Math.floor(random() * 500),
    retractShare: 0.05 + random() * 0.35,
    valueShare: random() < 0.5 ? 0 : 0.6,
  });
  const writer = new LogWriter(database.sql, workspaceId);
  const one = await startLoneFold(database.url, workspaceId, pool);
  try {
    for (let at = 0; at < log.length;) {
      const size = 1 + Math.floor(random() * 150);
      await writer.write(log.slice(at, at + size));
      at += size;
      one.fold.wake();
      if (random() < 0.3) await settledLone(database.sql, workspaceId, one);
    }
    await settledLone(database.sql, workspaceId, one);
    const [swaps] = await database.sql<{ count: number }[]>`
      select count(*) as count from setting_entries
      where workspace_id = ${workspaceId} and kind = 'evidence.swap' and recorded_by = 'leader'`;
    const again = await refold(database.sql, workspaceId, pool);
    return { differences: differencesOf(one.memory(), again), swaps: swaps?.count ?? 0 };
  } finally {
    await one.stop();
  }
}

describe('corrections and deletions', () => {
  it(
    `leave what a refold gives, to the last bit, in ${SCRIPTS} random scripts`,
    { timeout: 300_000 },
    async () => {
      const found: Record<number, string[]> = {};
      let swaps = 0;
      for (let from = 1; from <= SCRIPTS; from += AT_ONCE) {
        const seeds = Array.from({ length: AT_ONCE }, (_, i) => from + i);
        const results = await Promise.all(seeds.map(runScript));
        results.forEach((result, i) => {
          swaps += result.swaps;
          if (result.differences.length > 0) found[seeds[i] ?? 0] = result.differences;
        });
      }
      expect(found).toEqual({});
      expect(swaps).toBeGreaterThan(SCRIPTS);
    },
  );
});
