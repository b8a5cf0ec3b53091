import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/lib/server/db/embedded/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A server on which tests may make databases; test-database.ts does. */
    postgresUrl: string;
    /** Part of the names of this run's databases. */
    testRun: string;
  }
}

const PREFIX = 'telltale-test-';
const LEFT_BEHIND_MS = 30 * 60_000;

/** Vitest's global setup: one PostgreSQL for the whole run, gone afterwards. TEST_DATABASE_URL names another. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const testRun = randomBytes(4).toString('hex');
  project.provide('testRun', testRun);
  const given = process.env['TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') {
    project.provide('postgresUrl', given);
    return () => dropDatabases(given, testRun);
  }

  sweepLeftBehind();
  const dataDir = mkdtempSync(join(tmpdir(), PREFIX));
  const server = await startEmbeddedPostgres({
    dataDir,
    log: { info: () => undefined, warn: console.warn, error: console.error },
    // Nothing here outlives the run, so the disk need not be waited for.
    settings: { fsync: 'off', full_page_writes: 'off', max_connections: '200', max_wal_size: '4GB' },
  });
  project.provide('postgresUrl', server.url);
  return async () => {
    await server.stop();
    // Its guard may still touch its record.
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  };
}

async function dropDatabases(url: string, testRun: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    const rows = await sql<{ datname: string }[]>`
      select datname from pg_database where starts_with(datname, ${`telltale_test_${testRun}`})`;
    for (const { datname } of rows) await sql`drop database if exists ${sql(datname)} with (force)`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Folders of runs that were killed: their PostgreSQL has stopped by itself. */
function sweepLeftBehind(): void {
  for (const name of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), name);
    const found = name.startsWith(PREFIX) ? statSync(folder, { throwIfNoEntry: false }) : undefined;
    const mine = found !== undefined && (process.getuid?.() === 0 || found.uid === process.getuid?.());
    const owners = mine ? statSync(join(folder, 'owners'), { throwIfNoEntry: false }) : undefined;
    if (owners === undefined || !isOld(join(folder, 'owners'))) continue;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An owner touches its record every second, so a folder whose records are all old has none. */
function isOld(owners: string): boolean {
  const times = [owners, ...readdirSync(owners).map((name) => join(owners, name))].map(
    (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return Date.now() - Math.max(...times) > LEFT_BEHIND_MS;
}
