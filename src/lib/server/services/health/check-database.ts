import { performance } from 'node:perf_hooks';
import type { Database } from '../../db/client.ts';
import { coerceError } from '../../errors.ts';
import { within } from '../../event-log/index.ts';

const PATIENCE_MS = 2_000;

export type DatabaseState = { state: 'up'; ms: number } | { state: 'down'; error: string };

/** Whether the database answers, and how fast; never waits longer than two seconds. */
export async function checkDatabase(db: Database): Promise<DatabaseState> {
  const started = performance.now();
  try {
    await within(PATIENCE_MS, db.sql`select 1`.execute());
    return { state: 'up', ms: Math.round((performance.now() - started) * 10) / 10 };
  } catch (thrown) {
    return { state: 'down', error: coerceError(thrown).message };
  }
}
