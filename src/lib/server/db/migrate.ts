import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { StartupError, coerceError } from '../errors.ts';
import { connectionOptions } from './client.ts';

/** Any number; the same in every instance, so that only one migrates at a time. */
const MIGRATION_LOCK = 7_411_001;

/**
 * Brings the database's tables up to date, under an advisory lock, on a connection of its own.
 * @throws StartupError when the database cannot be reached or may not be changed.
 */
export async function migrate(url: string, folder = join(process.cwd(), 'drizzle')): Promise<void> {
  if (!existsSync(folder)) throw new StartupError(`The folder with migrations is missing: ${folder}`);
  const sql = postgres(url, { ...connectionOptions, max: 1 }) as unknown as postgres.Sql;
  try {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`;
    await applyMigrations(drizzle(sql), { migrationsFolder: folder });
  } catch (thrown) {
    const error = coerceError(thrown);
    throw new StartupError(
      `The database could not be prepared: ${coerceError(error.cause ?? error).message}`,
      {
        cause: error,
      },
    );
  } finally {
    await sql.end({ timeout: 5 });
  }
}
