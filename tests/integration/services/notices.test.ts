import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operator } from '#lib/server/auth/operators.ts';
import type { App } from '#lib/server/app.ts';
import { systemContext } from '#lib/server/auth/authorize.ts';
import type { WorkspaceInfo } from '#lib/server/context.ts';
import { readCursor } from '#lib/server/event-log/index.ts';
import { createSnapshotSource } from '#lib/server/services/feed/index.ts';
import { readFoldChecks, startFoldCheck } from '#lib/server/services/fold-checks/index.ts';
import { OPERATOR } from '#lib/server/services/identity/index.ts';
import {
  announceMaintenance,
  maintenanceForm,
  readMaintenance,
  readNotices,
  withdrawMaintenance,
} from '#lib/server/services/notices/index.ts';
import { logger } from '#lib/server/logger.ts';
import { FoldTrouble } from '#lib/server/recalculation/fold-trouble.ts';
import { recordOutcomes } from '#lib/server/services/outcomes/index.ts';
import { codeOf } from '../../support/identity.ts';
import { until } from '../../support/running-server.ts';
import { settled, startTestApp, type TestApp } from '../../support/test-app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { testContext, testUser } from '../../support/test-workspace.ts';
import { startFeedServer, type FeedServer } from '../feed/feed-server.ts';
import { RawReader, type Frame } from '../feed/raw-reader.ts';

let database: TestDatabase;
let test: TestApp;
let server: FeedServer;
let app: App;
let terminal: Operator;

beforeAll(async () => {
  database = await createTestDatabase();
  test = await startTestApp(database.url, { tracked: 50 });
  ({ app } = test);
  server = await startFeedServer({ db: database, snapshots: createSnapshotSource(app) });
  terminal = { app, ...OPERATOR };
});
afterAll(async () => {
  await server.stop();
  await test.stop();
  await database.drop();
});

const input = { message: 'We update', from: 'tomorrow 18:00', until: '18:30', timezone: 'Europe/Berlin' };
const read = (who: { token: string }, query: string) =>
  new RawReader(`${server.url}?topics=system&${query}`, who);
const told = (frames: readonly Frame[], type: string) =>
  frames.flatMap(({ json }) => (json['type'] === type ? [[json['op'], json['key'], json['rev']]] : []));
const snapshotOf = async (who: { token: string }) => {
  const reader = await read(who, 'snapshot=always').until((r) => r.of('live').length > 0);
  reader.close();
  return reader
    .of('snapshot')
    .flatMap(({ json }) => (json['items'] as unknown[]).map((item) => [json['type'], item]));
};

const written = () => database.sql`
  select revision, (select count(*) from feed_outbox where type = 'system.maintenance') as events,
    (select count(*) from audit_log where target_type = 'maintenance') as audited
  from maintenance`;

describe('a maintenance', () => {
  it('reaches two workspaces once each, live, by replay and by snapshot, until it is taken back', async () => {
    const keys = await Promise.all(
      ['north', 'south'].map(async (slug) => server.addKey(await server.addWorkspace(slug))),
    );
    const [north, south] = keys;
    if (north === undefined || south === undefined) throw new Error('no keys');
    const cursor = await readCursor(database.sql);
    const readers = await Promise.all(keys.map((key) => read(key, '').until((r) => r.frames.length > 0)));

    const view = await announceMaintenance(terminal, input);
    expect(view).toMatchObject({ rev: 1, value: { message: 'We update' }, updatedBy: 'command line' });
    const first = [['upsert', 'maintenance', 1]];
    for (const reader of readers) {
      await reader.until((r) => r.deltas.length > 0);
      expect(told(reader.frames, 'system.maintenance')).toEqual(first);
      expect(reader.deltas[0]?.json['value']).toEqual(view?.value);
    }
    expect(await snapshotOf(north)).toEqual([
      ['system.maintenance', { key: 'maintenance', rev: 1, value: view?.value }],
    ]);

    await announceMaintenance(terminal, input);
    await announceMaintenance(terminal, { ...input, until: '19:00' });
    await withdrawMaintenance(terminal);
    await withdrawMaintenance(terminal);
    await announceMaintenance(terminal, input);
    const all = [
      ...first,
      ['upsert', 'maintenance', 2],
      ['delete', 'maintenance', 3],
      ['upsert', 'maintenance', 4],
    ];
    for (const reader of readers) {
      await reader.until((r) => r.deltas.length >= all.length);
      expect(told(reader.frames, 'system.maintenance')).toEqual(all);
      reader.close();
    }
    await withdrawMaintenance(terminal);
    const again = await read(south, `since=${cursor}&compat=1`).until(
      (r) => r.of('system:maintenance').length > all.length,
    );
    expect(told(again.frames, 'system.maintenance')).toEqual([...all, ['delete', 'maintenance', 5]]);
    again.close();
    expect(await snapshotOf(south)).toEqual([]);

    const audited = await database.sql<{ action: string }[]>`
      select action from audit_log where target_type = 'maintenance' and workspace_id is null order by id`;
    expect(audited.map(({ action }) => action.split('.')[1])).toEqual([
      'announced',
      'announced',
      'withdrawn',
      'announced',
      'withdrawn',
    ]);
  });

  it('can be typed over as it was typed, and is gone from pages and snapshots when it is past', async () => {
    await announceMaintenance(terminal, { ...input, from: '2099-11-20 18:00', until: '2099-11-20 18:30' });
    const form = maintenanceForm(await readMaintenance(database.sql));
    expect(form).toEqual({ ...input, from: '2099-11-20 18:00', until: '2099-11-20 18:30' });
    const workspace = await server.addWorkspace('later');
    const key = await server.addKey(workspace);
    const viewer = testContext(app, workspace, testUser(), 'viewer');
    expect((await readNotices(viewer)).maintenance?.value?.message).toBe('We update');
    expect(await snapshotOf(key)).toHaveLength(1);

    await database.sql`update maintenance set from_at = now() - interval '1 hour', until_at = now()`;
    expect(maintenanceForm(await readMaintenance(database.sql))).toBeNull();
    expect((await readNotices(viewer)).maintenance?.value).toBeNull();
    await until('a snapshot without it', async () => (await snapshotOf(key)).length === 0);
    const before = await written();
    await withdrawMaintenance(terminal);
    expect(await written()).toEqual(before);
  });

  it('is for operators, and what cannot be one writes nothing', async () => {
    const before = await written();
    const admin = { ...terminal, actor: testUser() };
    expect(await codeOf(announceMaintenance(admin, input))).toBe('FORBIDDEN');
    expect(await codeOf(withdrawMaintenance(admin))).toBe('FORBIDDEN');
    await expect(announceMaintenance(terminal, { ...input, until: 'yesterday 9:00' })).rejects.toMatchObject({
      code: 'VALIDATION',
      issues: [{ path: 'until' }],
    });
    expect(await written()).toEqual(before);
  });
});

describe('figures that differ from the log', () => {
  const checked = async (workspace: WorkspaceInfo) => {
    const ctx = systemContext(app, workspace, 'test');
    const { id } = await startFoldCheck(ctx);
    return until('the check is done', async () =>
      (await readFoldChecks(ctx)).items.find((check) => check.id === id && check.state !== 'running'),
    );
  };
  const swap = (workspace: WorkspaceInfo) => database.sql`
    update log_entries set result = case result when 'success' then 'failure' else 'success' end
    where workspace_id = ${workspace.id} and position = 3`;

  it('are told to admins alone, once when it begins and once when it is over', async () => {
    const { workspace } = test;
    const outcomes = Array.from({ length: 20 }, (_, i) => ({
      subject: `client ${i}`,
      result: i % 3 === 0 ? ('success' as const) : ('failure' as const),
      attributes: { contact: i % 2 === 0 ? 'cellular' : 'telephone' },
    }));
    await recordOutcomes(test.ctx, outcomes, { source: 'api' });
    await settled(test);
    const [admin, viewer] = await Promise.all([
      server.addMember(workspace, 'admin'),
      server.addMember(workspace, 'viewer'),
    ]);
    const readers = await Promise.all(
      [admin, viewer].map((who) => read(who, '').until((r) => r.frames.length > 0)),
    );
    const [seen, hidden] = readers;
    if (seen === undefined || hidden === undefined) throw new Error('no readers');
    const asAdmin = testContext(app, workspace, testUser(), 'admin');
    const asViewer = testContext(app, workspace, testUser(), 'viewer');

    expect((await checked(workspace)).ok).toBe(true);
    await swap(workspace);
    expect((await checked(workspace)).ok).toBe(false);
    expect((await checked(workspace)).ok).toBe(false);
    await seen.until((r) => r.deltas.length > 0);
    expect(seen.deltas[0]?.json['value']).toMatchObject({ severity: 'critical', kind: 'fold-check' });
    const { errors } = await readNotices(asAdmin);
    expect(errors).toEqual([{ key: 'fold-check', rev: 1, value: seen.deltas[0]?.json['value'] }]);
    expect((await readNotices(asViewer)).errors).toEqual([]);
    expect(await snapshotOf(admin)).toEqual([['system.error', errors[0]]]);
    expect(await snapshotOf(viewer)).toEqual([]);

    await swap(workspace);
    expect((await checked(workspace)).ok).toBe(true);
    await seen.until((r) => r.deltas.length > 1);
    expect(told(seen.frames, 'system.error')).toEqual([
      ['upsert', 'fold-check', 1],
      ['delete', 'fold-check', 2],
    ]);
    expect((await readNotices(asAdmin)).errors).toEqual([{ key: 'fold-check', rev: 2, value: null }]);
    expect(hidden.deltas).toEqual([]);
    for (const reader of readers) reader.close();
  });
});

describe('a fold that fails', () => {
  const stored = (workspaceId: string) => database.sql<{ revision: number; over: boolean }[]>`
    select revision, ended_at is not null as over from system_errors
    where workspace_id = ${workspaceId} and kind = 'fold'`;

  it('is told when it fails again, once, until it counts again', async () => {
    const { workspace, ctx } = test;
    await database.sql`alter table log_entries rename to log_entries_away`;
    app.doorbell.ringLog(workspace.id);
    await until('it is told', async () => (await stored(workspace.id)).length > 0);
    const asAdmin = testContext(app, workspace, testUser(), 'admin');
    expect((await readNotices(asAdmin)).errors.find(({ key }) => key === 'fold')).toMatchObject({
      rev: 1,
      value: { severity: 'error' },
    });
    await database.sql`alter table log_entries_away rename to log_entries`;
    await until('it is over', async () => (await stored(workspace.id))[0]?.over);
    await recordOutcomes(ctx, [{ subject: 'after', result: 'success', attributes: {} }], { source: 'api' });
    await settled(test);
    expect([...(await stored(workspace.id))]).toEqual([{ revision: 2, over: true }]);
  });

  it('is not told of beside a leader that works, and is where nobody leads', async () => {
    const trouble = (workspaceId: string) =>
      new FoldTrouble({
        workspaceId,
        db: app.db,
        logger,
        holdsLead: () => false,
        ringFeed: () => undefined,
      });
    const led = trouble(test.workspace.id);
    led.begin();
    await led.settled();
    expect((await stored(test.workspace.id)).every(({ over }) => over)).toBe(true);
    const unknown = randomUUID();
    const unled = trouble(unknown);
    unled.begin();
    unled.begin();
    await unled.settled();
    expect([...(await stored(unknown))]).toEqual([{ revision: 1, over: false }]);
    unled.end();
    await unled.settled();
    expect([...(await stored(unknown))]).toEqual([{ revision: 2, over: true }]);
  });
});
