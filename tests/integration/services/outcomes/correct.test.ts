import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '#lib/server/app.ts';
import type { Context } from '#lib/server/context.ts';
import { listJourneys, openJourney } from '#lib/server/services/journeys/index.ts';
import {
  correctOutcome,
  deleteOutcome,
  getOutcome,
  listOutcomes,
  recordOutcomes,
  restoreOutcome,
} from '#lib/server/services/outcomes/index.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import {
  createTestApp,
  createTestWorkspace,
  testContext,
  testUser,
} from '../../../support/test-workspace.ts';

let db: TestDatabase;
let app: App;
let ctx: Context;

beforeAll(async () => {
  db = await createTestDatabase({ max: 10 });
  app = await createTestApp(db.database);
});
beforeEach(async () => {
  ctx = testContext(app, await createTestWorkspace(db.database));
});
afterAll(() => db.drop());

async function record(more: object = {}): Promise<string> {
  const reply = await recordOutcomes(
    ctx,
    [{ subject: 's', result: 'success', value: 5, attributes: { a: 'x', n: 1 }, ...more }],
    {
      source: 'api',
    },
  );
  return reply.items[0]?.id ?? '';
}

/** What the leader does, in short. */
async function place(): Promise<void> {
  await db.sql`
    with waiting as (
      select id, row_number() over (order by id) + (
        select coalesce(max(position), 0) from log_entries where workspace_id = ${ctx.workspace.id}) as place
      from log_entries where workspace_id = ${ctx.workspace.id} and position is null
    )
    update log_entries as e set position = waiting.place from waiting where e.id = waiting.id`;
}

/** The log's balance: what counts now, by result. */
async function counted(): Promise<Record<string, number>> {
  const rows = await db.sql<{ result: string; n: number }[]>`
    select result, sum(case kind when 'add' then 1 else -1 end)::int as n from log_entries
    where workspace_id = ${ctx.workspace.id} group by result having sum(case kind when 'add' then 1 else -1 end) <> 0`;
  return Object.fromEntries(rows.map((row) => [row.result, row.n]));
}

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: { code?: string }) => error.code,
  );

describe('correcting', () => {
  it('takes the former facts back and adds the new ones, in this order, as one revision more', async () => {
    const id = await record();
    const view = await correctOutcome(ctx, id, {
      result: 'failure',
      attributes: { a: 'y', n: 1, fresh: true },
    });
    expect(view).toMatchObject({
      revision: 2,
      result: 'failure',
      value: 5,
      attributes: { a: 'y', n: 1, fresh: true },
    });
    const entries = await db.sql`
      select id, kind, retracts, result, value, attributes from log_entries where outcome_id = ${id} order by id`;
    expect(entries).toMatchObject([
      { kind: 'add', retracts: null, result: 'success' },
      {
        kind: 'retract',
        retracts: entries[0]?.['id'] as number,
        result: 'success',
        value: 5,
        attributes: { a: 'x', n: 1 },
      },
      { kind: 'add', retracts: null, result: 'failure', value: 5, attributes: { a: 'y', n: 1, fresh: true } },
    ]);
    expect(await counted()).toEqual({ failure: 1 });
    const [event] = await db.sql`
      select type, key, rev, payload from feed_outbox where workspace_id = ${ctx.workspace.id} order by wid desc limit 1`;
    expect(event).toMatchObject({
      type: 'outcome.corrected',
      key: id,
      rev: 2,
      payload: { result: 'failure', revision: 2 },
    });
  });

  it('changes nothing when the content is the same', async () => {
    const id = await record();
    const view = await correctOutcome(ctx, id, {
      result: 'success',
      attributes: { n: 1, a: 'x', gone: null },
      value: 5.00001,
    });
    expect(view.revision).toBe(1);
    expect(await db.sql`select 1 from log_entries where outcome_id = ${id}`).toHaveLength(1);
    expect(await db.sql`select 1 from audit_log where target_id = ${id}`).toHaveLength(1);
  });

  it('leaves the log alone when only words change', async () => {
    const id = await record();
    const view = await correctOutcome(ctx, id, { note: 'called twice', subject: 'S', variant: 'B' });
    expect(view).toMatchObject({ revision: 2, note: 'called twice', subject: 'S', variant: 'B' });
    expect(await db.sql`select 1 from log_entries where outcome_id = ${id}`).toHaveLength(1);
    expect((await correctOutcome(ctx, id, { note: null })).note).toBeNull();
  });

  it('checks types and times like recording', async () => {
    const id = await record();
    expect(await code(correctOutcome(ctx, id, { attributes: { n: 'one' } }))).toBe('VALIDATION');
    expect(await code(correctOutcome(ctx, id, { occurredAt: '2999-01-01T00:00:00Z' }))).toBe('VALIDATION');
    expect(await code(correctOutcome(ctx, id, { id: randomUUID() }))).toBe('VALIDATION');
    expect(await counted()).toEqual({ success: 1 });
  });

  it('is refused when somebody else was faster', async () => {
    const id = await record();
    await correctOutcome(ctx, id, { result: 'neutral' }, { revision: 1 });
    expect(await code(correctOutcome(ctx, id, { result: 'failure' }, { revision: 1 }))).toBe(
      'PRECONDITION_FAILED',
    );
  });

  it('by eight people at once leaves one fact counted', async () => {
    const id = await record();
    await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        correctOutcome(ctx, id, { result: i % 2 === 0 ? 'failure' : 'neutral', value: i }),
      ),
    );
    const view = await getOutcome(ctx, id);
    expect(view.revision).toBe(9);
    expect(await counted()).toEqual({ [view.result]: 1 });
    const [twice] = await db.sql`
      select retracts from log_entries where outcome_id = ${id} and kind = 'retract' group by retracts having count(*) > 1`;
    expect(twice).toBeUndefined();
  });

  it('answers another workspace with not found', async () => {
    const id = await record();
    const other = testContext(app, await createTestWorkspace(db.database));
    const acts = [
      () => getOutcome(other, id),
      () => correctOutcome(other, id, { result: 'failure' }),
      () => deleteOutcome(other, id),
      () => getOutcome(ctx, 'x'),
      () => getOutcome(ctx, randomUUID()),
    ];
    for (const act of acts) expect(await code(act())).toBe('NOT_FOUND');
    const viewer = testContext(app, ctx.workspace, testUser(), 'viewer');
    expect(await code(deleteOutcome(viewer, id))).toBe('FORBIDDEN');
  });
});

describe('deleting and restoring', () => {
  it('takes the outcome out of the count and back in, and hides it meanwhile', async () => {
    const id = await record({ externalId: 'e' });
    const deleted = await deleteOutcome(ctx, id);
    expect(deleted).toMatchObject({ revision: 2, deletedAt: expect.any(String) as string });
    expect(await counted()).toEqual({});
    expect((await deleteOutcome(ctx, id)).revision).toBe(2);
    expect((await listOutcomes(ctx, {})).items).toEqual([]);
    expect((await listOutcomes(ctx, { deleted: 'only' })).items.map((item) => item.id)).toEqual([id]);
    expect(await code(correctOutcome(ctx, id, { result: 'failure' }))).toBe('CONFLICT');
    const again = await recordOutcomes(ctx, [{ externalId: 'e', subject: 'x', result: 'failure' }], {
      source: 'api',
    });
    expect(again).toMatchObject({ duplicates: 1, items: [{ id, differs: true }] });
    expect(await restoreOutcome(ctx, id)).toMatchObject({ revision: 3, deletedAt: null });
    expect(await counted()).toEqual({ success: 1 });
    expect((await restoreOutcome(ctx, id)).revision).toBe(3);
  });

  it('opens the journey again that it had closed, and closes it on return', async () => {
    const { journey } = await openJourney(ctx, { subject: 's' });
    const id = await record({ journeyId: journey.id });
    const state = async () => (await listJourneys(ctx, { subject: 's' })).items[0]?.state;
    expect(await state()).toBe('succeeded');
    await correctOutcome(ctx, id, { result: 'failure' });
    expect(await state()).toBe('failed');
    await deleteOutcome(ctx, id);
    expect(await state()).toBe('open');
    await restoreOutcome(ctx, id);
    expect(await state()).toBe('failed');
    await deleteOutcome(ctx, id);
    await record({ journeyId: journey.id });
    expect(await code(restoreOutcome(ctx, id))).toBe('CONFLICT');
  });
});

describe('the history', () => {
  it('tells every change with who, what and where in the log', async () => {
    const id = await record();
    await place();
    const mira = testContext(app, ctx.workspace, testUser('Tom Weber'));
    await correctOutcome(mira, id, { result: 'failure', attributes: { a: 'y', n: 1 } });
    await place();
    await correctOutcome(ctx, id, { note: 'words' });
    await deleteOutcome(ctx, id);
    await place();
    await restoreOutcome(ctx, id);
    const { history, position } = await getOutcome(ctx, id);
    expect(history).toMatchObject([
      { action: 'recorded', revision: 1, addPosition: 1, retractPosition: null },
      { action: 'corrected', by: 'Tom Weber', revision: 2, retractPosition: 2, addPosition: 3 },
      {
        action: 'corrected',
        revision: 3,
        retractPosition: null,
        addPosition: null,
        changes: [{ field: 'note', from: null, to: 'words' }],
      },
      { action: 'deleted', revision: 4, retractPosition: 4, addPosition: null },
      { action: 'restored', revision: 5, retractPosition: null, addPosition: null },
    ]);
    expect(history[1]?.changes).toEqual([
      { field: 'result', from: 'success', to: 'failure' },
      { field: 'attributes.a', from: 'x', to: 'y' },
    ]);
    expect(position).toBeNull();
    await place();
    expect((await getOutcome(ctx, id)).position).toBe(5);
  });
});

describe('the list', () => {
  it('is newest first, in pages that neither repeat nor miss, and filtered', async () => {
    const inputs = Array.from({ length: 25 }, (_, i) => ({
      externalId: `e${i}`,
      subject: `s${i % 5}`,
      result: i % 2 === 0 ? 'success' : 'failure',
    }));
    const { items } = await recordOutcomes(ctx, inputs, { source: 'api' });
    await place();
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await listOutcomes(ctx, { limit: '10', ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.items.map((item) => item.id));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen).toEqual(items.map((item) => item.id).reverse());
    const externalIds = async (query: object) =>
      (await listOutcomes(ctx, query)).items.map((item) => item.externalId);
    expect(await externalIds({ subject: 's3', result: 'success' })).toEqual(['e18', 'e8']);
    expect(await externalIds({ externalId: 'e7' })).toEqual(['e7']);
    expect(await externalIds({ from: 3, to: 5 })).toEqual(['e4', 'e3', 'e2']);
    expect(await code(listOutcomes(ctx, { limit: 'many' }))).toBe('VALIDATION');
  });
});
