import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '#lib/server/app.ts';
import type { Actor, WorkspaceInfo } from '#lib/server/context.ts';
import {
  checkImport,
  createImportRunner,
  getImport,
  getImportDetail,
  storeUpload,
} from '#lib/server/services/imports/index.ts';
import { serveOutcomesApi, type ServedApi } from '../../support/api-over-http.ts';
import { BANK_CSV } from '../../support/bank-file.ts';
import { projectRoot } from '../../support/running-server.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { createTestApp, createTestWorkspace, testContext } from '../../support/test-workspace.ts';

let db: TestDatabase;
let app: App;
let workspace: WorkspaceInfo;
let api: ServedApi;
let folder: string;

beforeAll(async () => {
  db = await createTestDatabase({ max: 8 });
  app = await createTestApp(db.database);
  folder = mkdtempSync(join(tmpdir(), 'telltale-cli-'));
});
beforeEach(async () => {
  workspace = await createTestWorkspace(db.database);
  api = await serveOutcomesApi(app, keyOf(workspace));
});
afterEach(() => api.close());
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await db.drop();
});

const keyOf = (of: WorkspaceInfo): Actor => ({
  type: 'api-key',
  id: randomUUID(),
  name: 'Command',
  workspace: of,
  scopes: ['read', 'record', 'manage'],
});

interface Ran {
  code: number | null;
  out: string;
  err: string;
}

function run(script: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  return new Promise((done) => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(projectRoot, 'scripts', script), ...args],
      {
        cwd: projectRoot,
        env: {
          ...process.env,
          TELLTALE_URL: api.url,
          TELLTALE_API_KEY: 'tt_test',
          DATABASE_URL: db.url,
          ...env,
        },
      },
    );
    let out = '';
    let err = '';
    child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
    child.on('close', (code) => done({ code, out, err }));
  });
}

function file(name: string, text: string): string {
  const path = join(folder, `${randomUUID().slice(0, 8)}-${name}`);
  writeFileSync(path, text);
  return path;
}

interface Kept {
  external_id: string;
  subject: string;
  result: string;
  attributes: Record<string, unknown>;
  occurred_at: Date;
}
const kept = (of = workspace): Promise<Kept[]> => db.sql<Kept[]>`
  select external_id, subject, result, attributes, occurred_at from outcomes where workspace_id = ${of.id} order by entry_id`;

const CALLS =
  'when,city,age,length,y\n2024-01-03,Porto,33,10,no\n2024-01-01,Faro,41,400,yes\n2024-01-02,Porto,52,30,maybe\n';

describe('npm run record', () => {
  it('records a file by time, with the mapping that was said', async () => {
    const args = ['--success', 'y=yes', '--neutral', 'y=maybe', '--time', 'when', '--ignore', 'length'];
    const { code, out, err } = await run('record.ts', [file('calls.csv', CALLS), ...args]);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(out).toMatch(/^3 outcomes added, in /u);
    expect((await kept()).map(({ result, attributes }) => [result, attributes])).toEqual([
      ['success', { city: 'Faro', age: 41 }],
      ['neutral', { city: 'Porto', age: 52 }],
      ['failure', { city: 'Porto', age: 33 }],
    ]);
    expect(err).toContain('Left out: length');
  });

  it('names bad rows and sends nothing, and leaves them out when told to', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => `2024-01-01,${i % 2 === 0 ? 'yes' : 'no'}`).join(
      '\n',
    );
    // Behind what is profiled: only the check of every row finds it.
    const path = file('bad.csv', `when,y\n${rows}\nsoon,yes\n2024-01-02,no,extra\n`);
    const refused = await run('record.ts', [path]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('Row 60002, when: “soon” is no date like');
    expect(refused.err).toContain('Row 60003: It has 3 fields, the header has 2.');
    expect(refused.err).toContain('2 of 60,002 rows cannot be recorded; nothing was sent.');
    expect(api.requests).toEqual([]);
    const small = file('bad-small.csv', 'city,y\nPorto,yes\nFaro,no\nFaro\n');
    const skipped = await run('record.ts', [small, '--skip-bad']);
    expect(skipped.out).toMatch(/^2 outcomes added, 1 left out, in /u);
  });

  it('tries again while the server is away or busy, and records everything once', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `c${i % 3},${i % 4 === 0 ? 'yes' : 'no'}`).join('\n');
    api.failNext(503, 429, 0);
    const { code, out } = await run('record.ts', [file('again.csv', `city,y\n${rows}\n`), '--batch', '20']);
    expect(code).toBe(0);
    expect(out).toMatch(/^50 outcomes added/u);
    expect(await kept()).toHaveLength(50);
    const keys = api.requests.map(({ idempotencyKey }) => idempotencyKey);
    expect(keys).toHaveLength(6);
    expect(new Set(keys).size).toBe(3);
  });

  it('adds nothing when the same file was uploaded before', async () => {
    const ctx = testContext(app, workspace);
    const path = file('both.csv', CALLS);
    const bytes = (async function* () {
      yield readFileSync(path);
    })();
    const { id } = await storeUpload(ctx, { fileName: 'both.csv', bytes });
    const { mapping } = await getImportDetail(ctx, id);
    if (mapping === null) throw new Error('nothing proposed');
    await checkImport(ctx, id, mapping);
    const runner = createImportRunner(app);
    runner.start();
    const end = Date.now() + 30_000;
    while ((await getImport(ctx, id)).state !== 'done' && Date.now() < end)
      await new Promise((next) => setTimeout(next, 20));
    await runner.stop();
    const { out } = await run('record.ts', [path]);
    expect(out).toMatch(/^0 outcomes added, 3 known already, in /u);
  });

  it('sends a live stream at its rate, as happening now', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `2020-01-01,${i % 2 === 0 ? 'yes' : 'no'}`).join('\n');
    const started = Date.now();
    const { out } = await run('record.ts', [file('live.csv', `when,y\n${rows}\n`), '--rate', '20']);
    expect(out).toMatch(/^30 outcomes added/u);
    expect(Date.now() - started).toBeGreaterThan(1_400);
    expect(api.requests.length).toBeGreaterThan(10);
    for (const { occurred_at: at } of await kept()) expect(at.getTime()).toBeGreaterThan(started - 1_000);
  });

  it('says in one line what is wrong with the command', async () => {
    const path = file('calls.csv', CALLS);
    const said = async (...args: string[]) => {
      const { code, err } = await run('record.ts', [path, ...args]);
      expect(code).toBe(1);
      return err.trim();
    };
    expect(await said('--success', 'z=yes')).toBe(
      'There is no column z. The file has: when, city, age, length, y.',
    );
    expect(await said('--success', 'y=done')).toContain('“done” stands nowhere in y');
    expect(await said('--time', 'city')).toContain('city holds texts that are no dates');
    expect((await run('record.ts', ['no-such-file.csv'])).err.trim()).toBe(
      'There is no file no-such-file.csv.',
    );
    expect((await run('record.ts', [path], { TELLTALE_API_KEY: '' })).err).toMatch(/^Give an API key/u);
  });
});

describe('npm run export', () => {
  it('writes what record reads back to the same set, from the database and through the API', async () => {
    await run('record.ts', [file('calls.csv', CALLS)]);
    await db.sql`
      update log_entries as e set position = o.position from (
        select id, row_number() over (order by id) as position from log_entries where workspace_id = ${workspace.id}
      ) as o where o.id = e.id`;
    const direct = await run('export.ts', ['--workspace', workspace.slug]);
    expect({ code: direct.code, err: direct.err }).toEqual({ code: 0, err: '3 outcomes written.\n' });
    const through = await run('export.ts', []);
    expect(through.out).toBe(direct.out);

    const packed = join(folder, 'log.ndjson.gz');
    expect((await run('export.ts', ['--workspace', workspace.slug, '--output', packed])).code).toBe(0);
    expect(gunzipSync(readFileSync(packed)).toString()).toBe(direct.out);
    const first = workspace;
    workspace = await createTestWorkspace(db.database);
    await api.close();
    api = await serveOutcomesApi(app, keyOf(workspace));
    expect((await run('record.ts', [packed])).out).toMatch(/^3 outcomes added/u);
    expect(await kept()).toEqual(await kept(first));
    expect((await run('record.ts', [packed])).out).toMatch(/^0 outcomes added, 3 known already/u);
  });

  it('leaves no half a file behind when it fails', async () => {
    const path = join(folder, 'none.ndjson');
    const { code, err } = await run('export.ts', ['--workspace', 'nowhere', '--output', path]);
    expect(code).toBe(1);
    expect(err).toContain('There is no such workspace');
    expect(existsSync(path)).toBe(false);
    expect(existsSync(`${path}.part`)).toBe(false);
  });
});

describe('npm run simulate', () => {
  it('fills a simulated workspace, once, and refuses a real one', async () => {
    await db.sql`insert into users (email, name, password_hash) values (${`${randomUUID()}@example.org`}, 'Admin', 'x')`;
    const slug = `sim-${randomUUID().slice(0, 6)}`;
    const args = ['--workspace', slug, '--seed', '5', '--outcomes', '1500'];
    expect((await run('simulate.ts', args)).out).toBe(`${slug} holds 1,500 simulated outcomes of seed 5.\n`);
    await run('simulate.ts', args);
    const [found] = await db.sql`
      select count(*)::int as n from outcomes o join workspaces w on w.id = o.workspace_id where w.slug = ${slug} and w.simulated`;
    expect(found).toEqual({ n: 1_500 });
    const refused = await run('simulate.ts', ['--workspace', workspace.slug]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('holds real outcomes');
  });
});

describe.skipIf(!existsSync(BANK_CSV))('the bank file', () => {
  it('is recorded whole through HTTP', async () => {
    const { out } = await run('record.ts', [
      BANK_CSV,
      '--success',
      'y=yes',
      '--time',
      'contact_date',
      '--ignore',
      'duration',
    ]);
    process.stderr.write(out);
    expect(out).toMatch(/^45,211 outcomes added, in /u);
    const [row] = await db.sql`
      select count(*) filter (where result = 'success')::int as successes, count(*)::int as n from outcomes
      where workspace_id = ${workspace.id}`;
    expect(row).toEqual({ n: 45_211, successes: 5_289 });
  });
});
