import { setTimeout as delay } from 'node:timers/promises';
import type { Sql, TransactionSql } from './client.ts';

/** serialization_failure, deadlock_detected: the same transaction, run again, can succeed. */
const RETRYABLE = new Set(['40001', '40P01']);
const ATTEMPTS = 5;

const sqlState = (thrown: unknown): string | null =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;

/** Runs `act`, again with jitter after a deadlock or serialization failure. */
export async function withRetries<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (thrown) {
      if (attempt >= ATTEMPTS || !RETRYABLE.has(sqlState(thrown) ?? '')) throw thrown;
      await delay(Math.random() * 20 * attempt);
    }
  }
}

/**
 * Runs `work` in one transaction; a deadlock or serialization failure is tried again, with jitter.
 * `work` may run more than once, so it must have no effect outside of the transaction.
 */
export async function withTransaction<T>(sql: Sql, work: (tx: TransactionSql) => Promise<T>): Promise<T> {
  return withRetries(async () => {
    // The box keeps postgres.js from treating an array as a list of queries.
    const { value } = await sql.begin(async (tx) => ({ value: await work(tx) }));
    return value;
  });
}
