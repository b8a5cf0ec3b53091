import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OutcomeInput } from '#lib/contracts/outcome.ts';
import { nextSwap } from '#lib/domain/patterns/next-swap.ts';
import { systemContext } from '#lib/server/auth/authorize.ts';
import { logger } from '#lib/server/logger.ts';
import { countChecks, createFoldPool } from '#lib/server/recalculation/index.ts';
import type { Knowledge } from '#lib/server/recalculation/knowledge.ts';
import { FoldChecks, untilNightly } from '#lib/server/recalculation/fold-checks.ts';
import { readFoldChecks, startFoldCheck } from '#lib/server/services/fold-checks/index.ts';
import { deleteOutcome, recordOutcomes } from '#lib/server/services/outcomes/index.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { makeWorkspace, settled, startTestApp, type TestApp } from '../../support/test-app.ts';
import { projectRoot, until } from '../../support/running-server.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let database: TestDatabase;
let one: TestApp;

beforeAll(async () => {
  database = await createTestDatabase({ max: 2 });
  one = await startTestApp(database.url, { tracked: 200 });
});

beforeEach(async () => {
  const workspace = await makeWorkspace(one.app);
  one = { ...one, workspace, ctx: systemContext(one.app, workspace, 'test') };
});

afterAll(async () => {
  await one.stop();
  await database.drop();
});

const random = seededRandom(7);
const people = (count: number): OutcomeInput[] =>
  Array.from({ length: count }, (_, i) => ({
    subject: `client ${i}`,
    result: random() < 0.3 ? 'success' : 'failure',
    attributes: {
      contact: random() < 0.5 ? 'cellular' : 'telephone',
      age: 18 + Math.floor(random() * 50),
    },
  }));

async function folded(count: number): Promise<void> {
  const { items } = await recordOutcomes(one.ctx, people(count), { source: 'api' });
  for (const { id } of items.slice(0, 5)) await deleteOutcome(one.ctx, id ?? '');
  await settled(one);
  await until('the deleted are out of all evidence', async () => {
    const knowledge = (await one.app.folds.of(one.workspace.id)) as Knowledge;
    return nextSwap(knowledge.memory.image, knowledge.memory.columns) === null;
  });
}

/** Starts a check and waits for its end. */
async function checked() {
  const { id } = await startFoldCheck(one.ctx);
  return until('the check is done', async () => {
    const { items } = await readFoldChecks(one.ctx);
    return items.find((check) => check.id === id && check.state !== 'running');
  });
}

describe('a check of the log', () => {
  it('finds that the state is what the log gives, and says of how many outcomes', async () => {
    await folded(700);
    const check = await checked();
    expect(check).toMatchObject({
      state: 'done',
      ok: true,
      differences: [],
      error: null,
      position: 705,
      checked: 705,
      outcomes: 695,
      requestedBy: 'test',
    });
    expect(check.durationMs).toBeGreaterThan(0);
    expect((await readFoldChecks(one.ctx)).running).toBeNull();
  });

  it('names what differs when an entry of the log was tampered with', async () => {
    await folded(700);
    await one.app.db.sql`
      update log_entries set result = case result when 'success' then 'failure' else 'success' end
      where workspace_id = ${one.workspace.id} and position = 300`;
    const { ok, differences } = await checked();
    expect(ok).toBe(false);
    const of = (part: string, section: string) =>
      differences.find((one) => one.part === part && one.section === section);
    expect(of('columns', 'result')).toMatchObject({ count: 1, where: ['from position 300'] });
    expect(of('image', 'header')?.where).toContain('successes');
    expect(of('image', 'cells')?.where.join(' ')).toMatch(/contact/);
    expect(of('metrics', 'totals')).toMatchObject({ count: 1 });
    expect(await countChecks(one.app.db.sql)).toMatchObject({ sound: 1, differing: 1 });
  });

  it('names a flipped byte of the stored state, and has it written anew', async () => {
    await folded(300);
    const { position } = await checked();
    await one.app.db.sql`
      update fold_snapshot_pages set bytes = set_byte(bytes, 8, get_byte(bytes, 8) # 64)
      where workspace_id = ${one.workspace.id} and page = 0`;
    const { ok, differences } = await checked();
    expect(ok).toBe(false);
    expect(differences).toEqual([
      { part: 'snapshot', section: 'bytes', count: 1, where: ['page 0'] },
      { part: 'image', section: 'header', count: 1, where: ['n'] },
    ]);
    await recordOutcomes(one.ctx, people(1), { source: 'api' });
    await settled(one);
    expect(await checked()).toMatchObject({ ok: true, position: position + 1 });
  });

  it('is refused while another runs, and takes the place of one whose process ended', async () => {
    await folded(10);
    const { sql } = one.app.db;
    const begin = (beatAt: Date) => sql`
      insert into fold_checks (workspace_id, state, requested_by, beat_at)
      values (${one.workspace.id}, 'running', 'elsewhere', ${beatAt})`;
    await begin(new Date());
    await expect(startFoldCheck(one.ctx)).rejects.toMatchObject({ code: 'CONFLICT' });
    await sql`
      update fold_checks set beat_at = now() - interval '2 minutes' where workspace_id = ${one.workspace.id}`;
    expect(await checked()).toMatchObject({ state: 'done', ok: true });
    const { items } = await readFoldChecks(one.ctx);
    expect(items.map(({ requestedBy, state }) => [requestedBy, state])).toContainEqual([
      'elsewhere',
      'failed',
    ]);
  });

  it('is for admins; its result is for readers', async () => {
    const reader = { ...one.ctx, permissions: new Set(['read'] as const) };
    await expect(startFoldCheck(reader)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await readFoldChecks(reader)).toEqual({ running: null, items: [] });
  });
});

describe('the nightly check', () => {
  it('comes at half past three, server time', () => {
    const at = (text: string) => new Date(text).getTime();
    expect(untilNightly(at('2026-03-01T03:29:00'))).toBe(60_000);
    expect(untilNightly(at('2026-03-01T03:30:00'))).toBe(24 * 3_600_000);
    expect(untilNightly(at('2026-03-01T23:30:00'))).toBe(4 * 3_600_000);
  });

  it('checks every workspace that is led and thins its history, each whatever became of the one before', async () => {
    const broken = await makeWorkspace(one.app);
    const others = await makeWorkspace(one.app);
    const led: string[] = [];
    for (let i = 0; i < 2; i += 1) {
      const workspace = await makeWorkspace(one.app);
      one = { ...one, workspace, ctx: systemContext(one.app, workspace, 'test') };
      await folded(30);
      // Somebody's check has left a snapshot.
      await checked();
      led.push(workspace.id);
    }
    const { db } = one.app;
    for (const id of [...led, others.id]) {
      await db.sql`
        insert into pattern_history (workspace_id, pattern_id, position, at, n, successes, confidence,
          confidence_worse, log_e, status, processing_ms)
        select ${id}::uuid, 'p_old', i, date_trunc('day', now()) - interval '90 days' + make_interval(secs => i), 1, 1,
          .5, .1, 0, 'collecting', 1
        from generate_series(1, 5) as i`;
    }
    const pool = createFoldPool({ root: projectRoot, threads: 2, logger });
    const clock = ['2026-03-01T03:29:59.950', '2026-03-01T03:31:00'].map((text) => new Date(text).getTime());
    const checks = new FoldChecks({
      db,
      pool,
      logger: logger.child({}, { level: 'silent' }),
      now: () => (clock.length > 1 ? clock.shift() : clock[0]) ?? 0,
      led: () => [broken.id, ...led],
      snapshot: (id) =>
        id === broken.id ? Promise.reject(new Error('It cannot be written.')) : Promise.resolve(),
      ringFeed: () => undefined,
    });
    checks.start();
    const nightly = () => db.sql<{ workspace_id: string; ok: boolean | null }[]>`
      select workspace_id, ok from fold_checks where requested_by = 'nightly' order by started_at`;
    await until(
      'the night is over',
      async () => (await nightly()).filter(({ ok }) => ok !== null).length === 2,
    );
    expect(await nightly()).toEqual(led.map((id) => ({ workspace_id: id, ok: true })));
    const old = await db.sql<{ workspace_id: string; points: number }[]>`
      select workspace_id, count(*)::int as points from pattern_history where pattern_id = 'p_old' group by 1`;
    expect(new Map(old.map((row) => [row.workspace_id, row.points]))).toEqual(
      new Map([...led.map((id) => [id, 1] as const), [others.id, 5]]),
    );
    await checks.stop();
    await pool.stop();
  });
});
