import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { simulateHistory } from '#domain/simulator/simulate-outcome.ts';
import type { App } from '#lib/server/app.ts';
import { systemContext } from '#lib/server/auth/authorize.ts';
import type { Person } from '#lib/server/auth/visitor.ts';
import type { WorkspaceInfo } from '#lib/server/context.ts';
import { createDoorbell } from '#lib/server/event-log/index.ts';
import {
  createSimulationRunner,
  getSimulation,
  readState,
  setTrickle,
  startSimulation,
  type SimulationRunner,
} from '#lib/server/services/simulation/index.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import {
  createTestApp,
  createTestWorkspace,
  testContext,
  testUser,
} from '../../../support/test-workspace.ts';

let db: TestDatabase;
let app: App;
let person: Person;
let watching = 0;
let runners: SimulationRunner[] = [];

beforeAll(async () => {
  db = await createTestDatabase({ max: 10 });
  app = await createTestApp(db.database, { doorbell: createDoorbell({ url: db.url }) });
  const actor = testUser();
  await db.sql`insert into users (id, email, name, password_hash) values (${actor.id}, ${actor.email}, ${actor.name}, 'x')`;
  person = { app, actor, session: null, requestId: randomUUID(), ip: null, userAgent: null };
});
afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.stop()));
  runners = [];
  watching = 0;
});
afterAll(() => db.drop());

function startRunner(): SimulationRunner {
  const runner = createSimulationRunner(app, { watchers: () => watching });
  runners.push(runner);
  runner.start();
  return runner;
}

async function until(reached: () => Promise<boolean>, deadlineMs = 40_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await reached())) {
    if (Date.now() > end) throw new Error('not reached');
    await delay(20);
  }
}

const ids = async (workspace: WorkspaceInfo): Promise<string[]> =>
  (
    await db.sql<{ external_id: string }[]>`
      select external_id from outcomes where workspace_id = ${workspace.id} order by entry_id`
  ).map((row) => row.external_id);

const loaded = (workspace: WorkspaceInfo) => async () => {
  const state = await readState(db.sql, workspace.id);
  return state !== null && state.next >= state.outcomes;
};

describe('a simulated workspace', () => {
  it('is made with its admin, marked, and filled with the history of its seed', async () => {
    const workspace = await startSimulation(person, { name: 'Tryout', seed: '11', outcomes: '2500' });
    expect(workspace).toMatchObject({ simulated: true, preset: 'content', timezone: 'UTC' });
    const [member] =
      await db.sql`select role from memberships where workspace_id = ${workspace.id} and user_id = ${person.actor.id}`;
    expect(member).toMatchObject({ role: 'admin' });
    startRunner();
    await until(loaded(workspace));
    const state = await readState(db.sql, workspace.id);
    const expected = simulateHistory({
      seed: 11,
      outcomes: 2_500,
      fromMs: state?.fromMs ?? 0,
      toMs: state?.toMs ?? 0,
    });
    expect(await ids(workspace)).toEqual(expected.map((outcome) => outcome.externalId));
    const [facts] = await db.sql`
      select count(*)::int as n, bool_and(backfill) as backfill, bool_and(source = 'simulator') as simulator
      from outcomes where workspace_id = ${workspace.id}`;
    expect(facts).toEqual({ n: 2_500, backfill: true, simulator: true });
  });

  it('stopped while it loads goes on where it was, and two instances load it once', async () => {
    const workspace = await startSimulation(person, { name: 'Interrupted', outcomes: 6_000 });
    const first = startRunner();
    await until(async () => ((await readState(db.sql, workspace.id))?.next ?? 0) >= 2_000);
    await first.stop();
    startRunner();
    startRunner();
    await until(loaded(workspace));
    await Promise.all(runners.map((runner) => runner.stop()));
    const all = await ids(workspace);
    expect(all).toHaveLength(6_000);
    expect(new Set(all).size).toBe(6_000);
  });

  it('gets new outcomes while somebody watches, and none when nobody does or it is stopped', async () => {
    const workspace = await startSimulation(person, { name: 'Live', outcomes: 0, ratePerSecond: 40 });
    const ctx = systemContext(app, workspace, 'test');
    startRunner();
    await delay(1_200);
    expect(await ids(workspace)).toEqual([]);
    watching = 1;
    await until(async () => (await ids(workspace)).length >= 20);
    expect(await setTrickle(ctx, { running: false })).toMatchObject({ running: false, ratePerSecond: 40 });
    // One turn may be under way; at its rate it would bring 48 in this time.
    let stopped = 0;
    await until(async () => {
      stopped = (await ids(workspace)).length;
      await delay(1_200);
      return (await ids(workspace)).length === stopped;
    });
    const view = await getSimulation(ctx);
    expect(view).toMatchObject({ state: 'ready', live: stopped, running: false });
    expect(view?.truths.map((truth) => truth.kind)).toEqual(['single', 'pair', 'triple', 'decoy', 'change']);
    const late = await db.sql`
      select 1 from outcomes where workspace_id = ${workspace.id} and (backfill or occurred_at < now() - interval '1 minute')`;
    expect(late).toHaveLength(0);
  });

  it('keeps its rate when two instances watch', async () => {
    const workspace = await startSimulation(person, { name: 'Twice', outcomes: 0, ratePerSecond: 20 });
    watching = 1;
    startRunner();
    startRunner();
    const started = Date.now();
    await until(async () => (await ids(workspace)).length >= 40);
    // 40 outcomes at 20 a second take two seconds; twice the rate would take one.
    expect(Date.now() - started).toBeGreaterThan(1_400);
    expect(new Set(await ids(workspace)).size).toBe((await ids(workspace)).length);
  });

  it('goes on when the clock by which it counts is set back', async () => {
    const workspace = await startSimulation(person, { name: 'Set back', outcomes: 0, ratePerSecond: 40 });
    await db.sql`
      update workspaces
      set settings = jsonb_set(settings, '{simulation,lastAtMs}', to_jsonb(${Date.now() + 3_600_000}::bigint))
      where id = ${workspace.id}`;
    watching = 1;
    startRunner();
    await until(async () => (await ids(workspace)).length >= 10);
  });

  it('is never a workspace with real outcomes', async () => {
    const real = await createTestWorkspace(db.database);
    const ctx = testContext(app, real);
    expect(await getSimulation(ctx)).toBeNull();
    await expect(setTrickle(ctx, { running: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await db.sql`update workspaces set settings = ${db.sql.json({ simulation: { seed: 1, outcomes: 50, fromMs: 0, toMs: 3_600_000, next: 0, running: true, ratePerSecond: 50, lastAtMs: 0 } })} where id = ${real.id}`;
    watching = 1;
    startRunner();
    await delay(1_200);
    expect(await ids(real)).toEqual([]);
  });

  it('is changed by its admins only, within limits', async () => {
    const workspace = await startSimulation(person, { name: 'Limits', outcomes: 0 });
    const viewer = testContext(app, workspace, testUser(), 'recorder');
    await expect(setTrickle(viewer, { running: false })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const admin = testContext(app, workspace);
    await expect(setTrickle(admin, { running: true, ratePerSecond: '1000' })).rejects.toMatchObject({
      code: 'VALIDATION',
    });
    await expect(startSimulation(person, { outcomes: 'many' })).rejects.toMatchObject({
      issues: [{ path: 'outcomes', message: 'Write a whole number, such as 10000.' }],
    });
  });
});
