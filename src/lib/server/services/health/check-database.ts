import { performance } from 'node:perf_hooks';
import type { Database } from '../../db/client.ts';
import { coerceError } from '../../errors.ts';

const PATIENCE_MS = 2_000;

export type DatabaseState = { state: 'up'; ms: number } | { state: 'down'; error: string };

/** Rejects after `ms`; `cancel` lets it be. */
function deadline(ms: number): { late: Promise<never>; cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${ms} ms.`)), ms);
  });
  return { late, cancel: () => clearTimeout(timer) };
}

/** Whether the database answers, and how fast; never waits longer than two seconds. */
export async function checkDatabase(db: Database): Promise<DatabaseState> {
  const started = performance.now();
  const { late, cancel } = deadline(PATIENCE_MS);
  try {
    await Promise.race([db.sql`select 1`.execute(), late]);
    return { state: 'up', ms: Math.round((performance.now() - started) * 10) / 10 };
  } catch (thrown) {
    return { state: 'down', error: coerceError(thrown).message };
  } finally {
    cancel();
  }
}
