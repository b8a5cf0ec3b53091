import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectOrStart, startEmbeddedPostgres } from '../../../src/lib/server/db/embedded/index.ts';
import { identityOf } from '../../../src/lib/server/db/embedded/process-identity.ts';
import {
  eventually,
  exitOf,
  guardPid,
  hasPostmaster,
  killHard,
  postmasterPid,
  query,
  startApp,
  type EmbeddedApp,
} from './embedded-app.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const TABLE = "create table kept as select 'still here' as word";
const READ = 'select word from kept';
const KEPT = [{ word: 'still here' }];

let dataDir = '';
const apps: EmbeddedApp[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'telltale-embedded-'));
});

afterEach(async () => {
  for (const { child } of apps.splice(0)) {
    child.kill('SIGKILL');
    await exitOf(child);
  }
  await eventually(async () => {
    try {
      // A guard still stopping PostgreSQL keeps the folder in use for a moment.
      if (hasPostmaster(dataDir)) throw new Error('PostgreSQL still runs');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  });
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

async function start(): Promise<EmbeddedApp> {
  const app = await startApp(dataDir);
  apps.push(app);
  return app;
}

describe('a data folder', () => {
  test('keeps its data over stop and start', async () => {
    const first = await startEmbeddedPostgres({ dataDir, log });
    await query(first.url, TABLE);
    await first.stop();
    expect(hasPostmaster(dataDir)).toBe(false);

    const second = await startEmbeddedPostgres({ dataDir, log });
    expect(await query(second.url, READ)).toEqual(KEPT);
    await second.stop();
  });

  test('is shared within a process, and stops with its last user', async () => {
    const first = await startEmbeddedPostgres({ dataDir, log });
    const second = await startEmbeddedPostgres({ dataDir, log });
    expect(second.url).toBe(first.url);
    await first.stop();
    await first.stop();
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await second.stop();
    expect(hasPostmaster(dataDir)).toBe(false);
  });

  test('refuses a second app and leaves the first alone', async () => {
    const first = await start();
    await query(first.url, TABLE);
    const second = await start();
    expect(second.refused).toContain(`process ${first.child.pid}`);
    expect(second.refused).toContain('TELLTALE_DATA');
    expect(await query(first.url, READ)).toEqual(KEPT);
  });

  test('is visited by a command while the app runs, and started by it when none does', async () => {
    const app = await start();
    await query(app.url, TABLE);
    const visit = await connectOrStart({ dataDir, log });
    expect(visit).toMatchObject({ started: false, url: app.url });
    await visit.stop();
    expect(await query(app.url, READ)).toEqual(KEPT);

    app.child.kill('SIGTERM');
    await exitOf(app.child);
    const own = await connectOrStart({ dataDir, log });
    expect(own.started).toBe(true);
    expect(await query(own.url, READ)).toEqual(KEPT);
    await own.stop();
    expect(hasPostmaster(dataDir)).toBe(false);
  });

  test('takes a new password when its file is lost or from elsewhere', async () => {
    const first = await startEmbeddedPostgres({ dataDir, log });
    await query(first.url, TABLE);
    await first.stop();
    for (const spoil of [() => rmSync(passwordFile()), () => writeFileSync(passwordFile(), 'another')]) {
      spoil();
      const next = await startEmbeddedPostgres({ dataDir, log });
      expect(await query(next.url, READ)).toEqual(KEPT);
      await next.stop();
    }
  });
});

describe('after a kill -9', () => {
  test('of the app, PostgreSQL stops by itself', async () => {
    const app = await start();
    killHard(app.child.pid ?? 0);
    await eventually(async () => expect(hasPostmaster(dataDir)).toBe(false));
  });

  test('of the app, the next start at once has the data', async () => {
    const app = await start();
    await query(app.url, TABLE);
    killHard(app.child.pid ?? 0);
    const next = await start();
    expect(next.refused).toBe('');
    expect(await query(next.url, READ)).toEqual(KEPT);
  });

  test('of the app, its guard and PostgreSQL together, the next start at once has the data', async () => {
    const app = await start();
    await query(app.url, TABLE);
    for (const pid of [app.child.pid ?? 0, guardPid(dataDir), postmasterPid(dataDir)]) killHard(pid);
    const next = await start();
    expect(next.refused).toBe('');
    expect(await query(next.url, READ)).toEqual(KEPT);
  });

  test('of the app and its guard, the PostgreSQL left behind is taken over', async () => {
    const app = await start();
    await query(app.url, TABLE);
    killHard(guardPid(dataDir));
    killHard(app.child.pid ?? 0);
    const next = await start();
    expect(next.refused).toBe('');
    expect(await query(next.url, READ)).toEqual(KEPT);
  });

  test('of PostgreSQL, it comes back under the running app at the same address', async () => {
    const app = await start();
    await query(app.url, TABLE);
    const before = postmasterPid(dataDir);
    killHard(before);
    expect(await eventually(() => query(app.url, READ))).toEqual(KEPT);
    expect(postmasterPid(dataDir)).not.toBe(before);
  });

  test('of the guard, a new one takes its place under the running app', async () => {
    const app = await start();
    await query(app.url, TABLE);
    const before = guardPid(dataDir);
    killHard(before);
    await eventually(async () => expect(guardPid(dataDir)).not.toBe(before));
    expect(await eventually(() => query(app.url, READ))).toEqual(KEPT);
    killHard(app.child.pid ?? 0);
    await eventually(async () => expect(hasPostmaster(dataDir)).toBe(false));
  });

  test('pids that now belong to others are not mistaken for owners', async () => {
    const first = await startEmbeddedPostgres({ dataDir, log });
    await query(first.url, TABLE);
    await first.stop();
    const reused = { ...identityOf(process.pid), began: 'long before' };
    const record = { token: 'former', role: 'app', process: reused };
    writeFileSync(join(dataDir, 'owners', 'former.json'), JSON.stringify(record));
    writeFileSync(join(dataDir, 'postgres-guard.json'), JSON.stringify(reused));
    const lines = [
      process.pid,
      join(dataDir, 'postgres'),
      1,
      20_000,
      '',
      '127.0.0.1',
      '  1 1',
      'ready   ',
      '',
    ];
    writeFileSync(join(dataDir, 'postgres', 'postmaster.pid'), lines.join('\n'));

    const next = await startEmbeddedPostgres({ dataDir, log });
    expect(await query(next.url, READ)).toEqual(KEPT);
    await next.stop();
  });
});

describe('what cannot be started says why', () => {
  test('data of another major version is refused untouched, with the way over', async () => {
    mkdirSync(join(dataDir, 'postgres'));
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toThrow(
      /PostgreSQL 17; this Telltale uses 18[^]*npm run export[^]*npm run record/,
    );
    expect(readFileSync(join(dataDir, 'postgres', 'PG_VERSION'), 'utf8')).toBe('17\n');
  });

  test('a folder of something else is refused untouched', async () => {
    mkdirSync(join(dataDir, 'postgres'));
    writeFileSync(join(dataDir, 'postgres', 'letter.txt'), 'dear');
    await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toThrow(/not a PostgreSQL folder/);
    expect(readFileSync(join(dataDir, 'postgres', 'letter.txt'), 'utf8')).toBe('dear');
  });

  test('a folder that cannot be made names itself and the way out', async () => {
    const file = join(dataDir, 'a-file');
    writeFileSync(file, '');
    await expect(startEmbeddedPostgres({ dataDir: join(file, 'data'), log })).rejects.toMatchObject({
      expose: true,
      message: expect.stringMatching(/a-file[^]*TELLTALE_DATA/),
    });
  });

  test.skipIf(process.getuid?.() === 0)('a folder without rights names itself and the way out', async () => {
    const locked = join(dataDir, 'locked');
    mkdirSync(locked, { mode: 0o500 });
    await expect(startEmbeddedPostgres({ dataDir: join(locked, 'data'), log })).rejects.toMatchObject({
      expose: true,
      message: expect.stringMatching(/may not write to .*locked/),
    });
  });

  test('a refused start lets the folder go', async () => {
    mkdirSync(join(dataDir, 'postgres'));
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toThrow('17');
    rmSync(join(dataDir, 'postgres'), { recursive: true });
    const server = await startEmbeddedPostgres({ dataDir, log });
    await server.stop();
  });
});

function passwordFile(): string {
  return join(dataDir, 'postgres-password');
}
