import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase } from '#lib/server/db/client.ts';
import { migrate } from '#lib/server/db/migrate.ts';
import { projectRoot } from '../../support/running-server.ts';
import { createTestDatabase, withDatabase, type TestDatabase } from '../../support/test-database.ts';

let admin: TestDatabase;
let folder: string;
const name = `telltale_older_${randomBytes(4).toString('hex')}`;

beforeEach(async () => {
  admin = await createTestDatabase({ max: 1 });
  await admin.sql`create database ${admin.sql(name)}`;
  folder = mkdtempSync(join(tmpdir(), 'telltale-migrations-'));
});
afterEach(async () => {
  await admin.sql`drop database if exists ${admin.sql(name)} with (force)`;
  await admin.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** The migrations as they were when there were only the first `count`. */
function migrationsUpTo(count: number): string {
  cpSync(join(projectRoot, 'drizzle'), folder, { recursive: true });
  const file = join(folder, 'meta/_journal.json');
  const journal = JSON.parse(readFileSync(file, 'utf8')) as { entries: unknown[] };
  writeFileSync(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }));
  return folder;
}

it('an installation from before there were operators gets one: whoever set it up', async () => {
  const url = withDatabase(admin.url, name);
  await migrate(url, migrationsUpTo(3));
  const { sql, end } = openDatabase(url, { max: 1 });
  try {
    await sql`
      insert into users (email, name, password_hash, created_at) values
        ('second@example.org', 'Second', 'none', '2026-02-01'), ('first@example.org', 'First', 'none', '2026-01-01')`;
    await migrate(url);
    const rows = await sql`select name, is_operator as operator from users order by created_at`;
    expect([...rows]).toEqual([
      { name: 'First', operator: true },
      { name: 'Second', operator: false },
    ]);
  } finally {
    await end();
  }
});
