import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { inject } from 'vitest';
import { openDatabase, type Database } from '../../src/lib/server/db/client.ts';
import { migrate } from '../../src/lib/server/db/migrate.ts';

export interface TestDatabase {
  url: string;
  database: Database;
  sql: Database['sql'];
  /** Ends the pool and removes the database, whoever is still connected. */
  drop(): Promise<void>;
}

/** Any number; the same in every test process, so that one makes the template and the others wait. */
const TEMPLATE_LOCK = 7_411_002;

/** A migrated database of one's own, cloned from a template in some ten milliseconds. */
export async function createTestDatabase(options: { max?: number } = {}): Promise<TestDatabase> {
  const adminUrl = inject('postgresUrl');
  const prefix = `telltale_test_${inject('testRun')}`;
  const template = `${prefix}_template`;
  const name = `${prefix}_${randomBytes(5).toString('hex')}`;

  await asAdmin(adminUrl, async (sql) => {
    // Cloning wants the template to itself, so clones queue as well.
    await sql`select pg_advisory_lock(${TEMPLATE_LOCK})`;
    const [found] = await sql`select 1 from pg_database where datname = ${template}`;
    if (found === undefined) await makeTemplate(sql, adminUrl, template);
    await sql`create database ${sql(name)} template ${sql(template)}`;
  });

  const url = withDatabase(adminUrl, name);
  const database = openDatabase(url, { max: options.max ?? 8 });
  return {
    url,
    database,
    sql: database.sql,
    async drop() {
      await database.end();
      await asAdmin(adminUrl, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
    },
  };
}

async function makeTemplate(sql: postgres.Sql, adminUrl: string, template: string): Promise<void> {
  const draft = `${template}_draft`;
  await sql`drop database if exists ${sql(draft)} with (force)`;
  await sql`create database ${sql(draft)}`;
  await migrate(withDatabase(adminUrl, draft));
  // Renamed only when whole: a migration that failed must not become everybody's template.
  await sql`alter database ${sql(draft)} rename to ${sql(template)}`;
}

async function asAdmin<Result>(url: string, act: (sql: postgres.Sql) => Promise<Result>): Promise<Result> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await act(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
