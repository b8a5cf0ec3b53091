import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InstanceStats } from '#lib/contracts/instances.ts';
import type { App } from '#lib/server/app.ts';
import { authorizeOperator, type Operator } from '#lib/server/auth/operators.ts';
import { createFlags, readFlag, setFlag, type FlagsService } from '#lib/server/services/flags/index.ts';
import { OPERATOR, setOperator } from '#lib/server/services/identity/index.ts';
import { createInstanceBeat, listInstances } from '#lib/server/services/instances/index.ts';
import {
  addUser,
  addWorkspace,
  codeOf,
  createIdentityApp,
  personOf,
  requestEvent,
  type IdentityApp,
} from '../../support/identity.ts';
import { until } from '../../support/running-server.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { createTestApp } from '../../support/test-workspace.ts';

let database: TestDatabase;
let app: IdentityApp;
let flags: FlagsService;
let terminal: Operator;

beforeEach(async () => {
  database = await createTestDatabase();
  flags = createFlags({ db: database.database });
  await flags.start();
  app = { ...createIdentityApp(database.database), flags };
  terminal = { app, ...OPERATOR };
});
afterEach(async () => {
  flags.stop();
  await database.drop();
});

const off = { key: 'streaming', on: false, percent: 100, note: 'proxy upgrade' };
const statusOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 200,
    (thrown: unknown) => (thrown as { status: number }).status,
  );

describe('a switch', () => {
  it('is on for everybody until somebody turns it', async () => {
    expect(flags.streamingFor('user a')).toBe(true);
    expect(await readFlag(app, 'streaming')).toEqual({
      key: 'streaming',
      on: true,
      percent: 100,
      note: '',
      updatedAt: null,
      updatedBy: null,
    });
  });

  it('holds at once where it was turned, and tells those who asked to be told', async () => {
    let told = 0;
    const stop = flags.onChange(() => (told += 1));
    await setFlag(terminal, off);
    expect(flags.streamingFor('user a')).toBe(false);
    expect(told).toBe(1);
    await setFlag(terminal, { ...off, note: 'other words, same state' });
    expect(told).toBe(1);
    stop();
    await setFlag(terminal, { ...off, on: true });
    expect([flags.streamingFor('user a'), told]).toEqual([true, 1]);
  });

  it('reaches another instance within five seconds by itself, and a listener that throws disturbs nobody', async () => {
    const other = createFlags({ db: database.database });
    await other.start();
    try {
      let heard = false;
      other.onChange(() => {
        throw new Error('a listener of this test');
      });
      other.onChange(() => (heard = true));
      await setFlag(terminal, off);
      await until('the other instance to know', async () => !other.streamingFor('user a'), 5_000);
      expect(heard).toBe(true);
    } finally {
      other.stop();
    }
  });

  it('stays as it was while the database cannot be read', async () => {
    await setFlag(terminal, off);
    await database.sql`alter table flags rename to flags_away`;
    await flags.refresh();
    expect(flags.streamingFor('user a')).toBe(false);
    await database.sql`alter table flags_away rename to flags`;
    await setFlag(terminal, { ...off, on: true });
    expect(flags.streamingFor('user a')).toBe(true);
  });

  it('writes one audit row for a change and none for the same again', async () => {
    await setFlag(terminal, off);
    await setFlag(terminal, off);
    await setFlag(terminal, { ...off, on: true, percent: 25 });
    const rows = await database.sql<{ metadata: unknown }[]>`
      select metadata from audit_log where action = 'flag.changed' and target_id = 'streaming' order by id`;
    expect(rows.map(({ metadata }) => metadata)).toEqual([
      { on: false, percent: 100, note: 'proxy upgrade', before: { on: true, percent: 100 } },
      { on: true, percent: 25, note: 'proxy upgrade', before: { on: false, percent: 100 } },
    ]);
  });

  it('refuses what it cannot be, naming the field, and changes nothing', async () => {
    for (const [input, path] of [
      [{ ...off, key: 'polling' }, 'key'],
      [{ ...off, percent: 101 }, 'percent'],
      [{ ...off, percent: 2.5 }, 'percent'],
      [{ ...off, percent: Number.NaN }, 'percent'],
      [{ ...off, on: 'off' }, 'on'],
      [{ ...off, note: 'x'.repeat(201) }, 'note'],
    ] as const) {
      await expect(setFlag(terminal, input)).rejects.toMatchObject({
        code: 'VALIDATION',
        issues: [expect.objectContaining({ path })],
      });
    }
    expect((await readFlag(app, 'streaming')).updatedAt).toBeNull();
  });
});

describe('who may', () => {
  it('operators may, admins of workspaces and keys may not', async () => {
    const { admin, workspace } = await addWorkspace(app);
    expect(await codeOf(setFlag(personOf(app, admin), off))).toBe('FORBIDDEN');
    const key = { type: 'api-key', id: admin.id, name: 'key', workspace, scopes: ['manage'] } as const;
    expect(await codeOf(setFlag({ ...terminal, actor: key }, off))).toBe('FORBIDDEN');
    expect(await codeOf(listInstances({ ...terminal, actor: key }))).toBe('FORBIDDEN');
    expect((await readFlag(app, 'streaming')).on).toBe(true);

    await setOperator(app, { email: admin.email.toUpperCase(), on: true });
    await setFlag(personOf(app, admin), off);
    expect(await readFlag(app, 'streaming')).toMatchObject({ on: false, updatedBy: admin.name });

    await setOperator(app, { email: admin.email, on: false });
    expect(await codeOf(setFlag(personOf(app, admin), { ...off, on: true }))).toBe('FORBIDDEN');
    expect(await codeOf(setOperator(app, { email: 'nobody@example.org', on: true }))).toBe('NOT_FOUND');
  });

  it('the page is a 403 for others and leads to the login when nobody is logged in', async () => {
    const somebody = await addUser(app);
    const visit = (actor: typeof somebody | null) =>
      statusOf(authorizeOperator(requestEvent(app, { path: '/admin/live', actor })));
    expect(await visit(null)).toBe(303);
    expect(await visit(somebody)).toBe(403);
    await setOperator(app, { email: somebody.email, on: true });
    expect(await visit(somebody)).toBe(200);
    await database.sql`update users set disabled_at = now() where id = ${somebody.id}`;
    expect(await visit(somebody)).toBe(403);
  });
});

describe('the servers of an installation', () => {
  const serverNamed = (instance: string): Promise<App> =>
    createTestApp(database.database, { instance, flags });

  it('are listed with their figures while they run, and gone when they stopped', async () => {
    const [one, two] = [
      createInstanceBeat(await serverNamed('one'), 20),
      createInstanceBeat(await serverNamed('two'), 20),
    ];
    await one.start();
    await two.start();
    const listed = await listInstances(terminal);
    expect(listed.map(({ name }) => name)).toEqual(['one', 'two']);
    expect(listed[0]?.stats).toMatchObject({
      head: 'test-0',
      sequencing: false,
    } satisfies Partial<InstanceStats>);
    expect(listed[0]?.stats.memoryBytes).toBeGreaterThan(1_000_000);
    await until('a second beat', async () => {
      const [again] = await listInstances(terminal);
      return again !== undefined && again.beatAt > (listed[0]?.beatAt ?? '');
    });
    await one.stop();
    expect((await listInstances(terminal)).map(({ name }) => name)).toEqual(['two']);
    await two.stop();
    expect(await listInstances(terminal)).toEqual([]);
  });

  it('say how many bytes a second they gave to readers since the beat before', async () => {
    const app = await serverNamed('busy');
    let deliveredBytes = 0;
    let grows = 0;
    const stats = () => ({ ...app.feed.stats(), deliveredBytes: (deliveredBytes += grows) });
    const busy = createInstanceBeat({ ...app, feed: { ...app.feed, stats } }, 20);
    const bytesPerSecond = async () => (await listInstances(terminal))[0]?.stats.bytesPerSecond ?? -1;
    await busy.start();
    expect(await bytesPerSecond()).toBe(0);
    grows = 1_000;
    await until('they are counted', async () => (await bytesPerSecond()) > 0);
    grows = 0;
    await until('only those since the beat before are', async () => (await bytesPerSecond()) === 0);
    await busy.stop();
  });

  it('one that died is forgotten by the others; figures of another version are read as far as they go', async () => {
    await database.sql`
      insert into instances (name, started_at, beat_at, stats) values
        ('dead', now() - interval '1 hour', now() - interval '11 minutes', '{}'),
        ('older', now(), now() - interval '30 seconds', '{"streams": 3, "unheard": true}')`;
    const one = createInstanceBeat(await serverNamed('one'), 60_000);
    await one.start();
    const listed = await listInstances(terminal);
    expect(listed.map(({ name }) => name).sort()).toEqual(['older', 'one']);
    const older = listed.find(({ name }) => name === 'older');
    expect(older?.stats).toMatchObject({ streams: 3, goaways: {}, latency: { bounds: [], counts: [] } });
    expect(older?.silentMs).toBeGreaterThanOrEqual(30_000);
    await one.stop();
  });
});
