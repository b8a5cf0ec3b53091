import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordOutcomes } from '#lib/server/services/outcomes/index.ts';
import { projectRoot } from '../../support/running-server.ts';
import { settled, startTestApp } from '../../support/test-app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let database: TestDatabase;
let slug: string;
let workspaceId: string;

/** A server that has counted 120 outcomes and was stopped. */
beforeAll(async () => {
  database = await createTestDatabase({ max: 2 });
  const one = await startTestApp(database.url);
  ({ slug, id: workspaceId } = one.workspace);
  const outcomes = Array.from({ length: 120 }, (_, i) => ({
    subject: `client ${i}`,
    result: i % 3 === 0 ? ('success' as const) : ('failure' as const),
    attributes: { contact: i % 2 === 0 ? 'cellular' : 'telephone' },
  }));
  await recordOutcomes(one.ctx, outcomes, { source: 'api' });
  await settled(one);
  await one.stop();
});

afterAll(() => database.drop());

function verifyLog(...args: string[]): Promise<{ code: number | null; out: string }> {
  return verifyLogOf(database.url, ...args);
}

function verifyLogOf(url: string, ...args: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/verify-log.ts', ...args], {
    cwd: projectRoot,
    env: { ...process.env, DATABASE_URL: url, LOG_LEVEL: 'warn', TELLTALE_THREADS: '2' },
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
  return new Promise((done) => child.once('close', (code) => done({ code, out })));
}

describe('npm run verify-log', () => {
  it('says that the state is what the log gives, then what differs, and ends accordingly', async () => {
    const sound = await verifyLog();
    expect(sound.out).toMatch(
      new RegExp(`^${slug}: the state is what the log gives, bit for bit \\(120 log entries`),
    );
    expect(sound.code).toBe(0);

    await database.sql`
      update log_entries set attributes = '{"contact":"telephone"}'
      where workspace_id = ${workspaceId} and position = 7`;
    const different = await verifyLog('--workspace', slug);
    expect(different.code).toBe(1);
    expect(different.out).toContain('is NOT what the log gives');
    expect(different.out).toContain('columns contact: 1 (from position 7)');
    expect(different.out).toMatch(/image cells: \d+ \(contact/);

    const checks = await database.sql`
      select ok, requested_by from fold_checks where workspace_id = ${workspaceId} order by started_at`;
    expect([...checks]).toEqual([
      { ok: true, requested_by: 'command line' },
      { ok: false, requested_by: 'command line' },
    ]);
  });

  it('ends with 1 for one that differs, though another could not be checked', async () => {
    const { sql } = database;
    const [other] = await sql<{ id: string }[]>`
      insert into workspaces (slug, name) values ('other', 'Other') returning id`;
    await sql.unsafe(`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'refused by the test'; end $$;
      create trigger refuse before insert on fold_checks for each row
        when (new.workspace_id = '${other?.id}') execute function refuse()`);
    const { code, out } = await verifyLog();
    expect(out).toContain('other: not checked. refused by the test');
    expect(out).toContain(`${slug}: the state is NOT what the log gives`);
    expect(code).toBe(1);
    await sql`drop trigger refuse on fold_checks`;
    await sql`delete from workspaces where slug = 'other'`;
  });

  it('ends with 2 where it cannot check at all', async () => {
    const refused = await Promise.all([
      verifyLog('--workspace', 'nope'),
      verifyLog('--wrokspace', slug),
      verifyLogOf('postgres://nobody@127.0.0.1:1/none'),
    ]);
    expect(refused.map(({ out }) => out)).toEqual([
      expect.stringContaining('There is no such workspace'),
      expect.stringContaining("unknown option '--wrokspace'"),
      expect.stringContaining('ECONNREFUSED'),
    ]);
    expect(refused.map(({ code }) => code)).toEqual([2, 2, 2]);
  });

  it('ends with 2 where there is nothing to compare with', async () => {
    await database.sql`update fold_snapshots set v8 = 'another'`;
    const { code, out } = await verifyLog();
    expect(out).toContain('not checked');
    expect(code).toBe(2);
  });
});
