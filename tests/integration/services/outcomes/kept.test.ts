import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keptExternalId, type OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import type { App } from '#lib/server/app.ts';
import type { Context } from '#lib/server/context.ts';
import { AppError } from '#lib/server/errors.ts';
import {
  deleteOutcome,
  listOutcomes,
  recordFromForm,
  recordKept,
} from '#lib/server/services/outcomes/index.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import { createTestApp, createTestWorkspace, testContext } from '../../../support/test-workspace.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-20T13:05:00Z');

let db: TestDatabase;
let app: App;
let ctx: Context;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await createTestApp(db.database, { now: () => NOW });
});
beforeEach(async () => {
  ctx = testContext(app, await createTestWorkspace(db.database, { timezone: 'Europe/Berlin' }));
});
afterAll(() => db.drop());

const values = (change: Partial<OutcomeFormValues> = {}): OutcomeFormValues => ({
  subject: 'client 7',
  variant: '',
  journeyId: '',
  result: 'success',
  value: '',
  when: 'Now',
  note: '',
  attributes: [],
  extra: [],
  another: false,
  once: randomUUID(),
  ...change,
});
/** As the browser sends it; `clockMs` is how wrong its clock is, `waitedMs` how long it kept it. */
const kept = (of: OutcomeFormValues, waitedMs = 0, clockMs = 0) => ({
  workspace: ctx.workspace.id,
  user: ctx.actor.id,
  recordedAt: NOW + clockMs - waitedMs,
  sentAt: NOW + clockMs,
  values: of,
});
const items = async () => (await listOutcomes(ctx, {})).items;
async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(AppError);
  return thrown as AppError;
}
/** As if the day for which keys are remembered had passed. */
const forgetKeys = () =>
  db.database.sql`delete from idempotency_keys where workspace_id = ${ctx.workspace.id}`;

describe('an outcome that a browser kept', () => {
  it('is recorded once, however often it is sent, also at the same time and after its key is forgotten', async () => {
    const body = kept(values(), 3 * DAY_MS);
    const [first, second] = await Promise.all([recordKept(ctx, body), recordKept(ctx, body)]);
    expect(second.id).toBe(first.id);
    await forgetKeys();
    const late = await recordKept(ctx, { ...body, sentAt: body.sentAt + 2 * DAY_MS });
    expect(late).toEqual({ id: first.id, duplicate: true });
    expect(await items()).toMatchObject([
      { id: first.id, externalId: keptExternalId(body.values.once), source: 'form' },
    ]);
  });

  it('is not recorded again after it was deleted', async () => {
    const body = kept(values());
    const { id } = await recordKept(ctx, body);
    await deleteOutcome(ctx, id);
    await forgetKeys();
    expect(await recordKept(ctx, body)).toEqual({ id, duplicate: true });
    expect(await items()).toEqual([]);
  });

  it('is one with what the form itself sent under the same key', async () => {
    const of = values();
    const { id } = await recordFromForm(ctx, of);
    expect(await recordKept(ctx, kept(of, DAY_MS))).toMatchObject({ id });
    expect(await items()).toHaveLength(1);
  });

  it('with other content than what came first under its key is refused as saved before', async () => {
    const of = values();
    await recordKept(ctx, kept(of));
    const error = await refusal(recordKept(ctx, kept({ ...of, result: 'failure' })));
    expect([error.code, error.retryAfterSeconds]).toEqual(['CONFLICT', null]);
    expect(await items()).toMatchObject([{ result: 'success' }]);
  });

  it('happened when it was written, whatever the clock of the browser says', async () => {
    for (const clockMs of [0, 5 * DAY_MS, -5 * DAY_MS, -NOW]) {
      const body = kept(values({ subject: `clock ${clockMs}` }), 3 * 3_600_000, clockMs);
      await recordKept(ctx, body);
      const [item] = await items();
      expect([item?.subject, item?.occurredAt]).toEqual([body.values.subject, '2026-11-20T10:05:00.000Z']);
    }
  });

  it('counts “yesterday” from the day on which it was written', async () => {
    await recordKept(ctx, kept(values({ when: 'yesterday 16:30' }), 4 * DAY_MS));
    expect(await items()).toMatchObject([{ occurredAt: '2026-11-15T15:30:00.000Z' }]);
  });

  it('takes the time of arrival when the browser’s clock was set meanwhile', async () => {
    await recordKept(ctx, kept(values(), -2 * DAY_MS));
    await recordKept(ctx, kept(values(), NOW));
    for (const item of await items()) expect(item.occurredAt).toBe(item.recordedAt);
    expect(await items()).toHaveLength(2);
  });

  it('is refused with the form’s paths, and with nothing written', async () => {
    const error = await refusal(recordKept(ctx, kept(values({ value: '1,2oo', when: 'whenever' }), DAY_MS)));
    expect(error.code).toBe('VALIDATION');
    expect(error.issues.map(({ path }) => path)).toEqual(['value', 'when']);
    expect(await items()).toEqual([]);
  });

  it('of another person or another workspace is not recorded here', async () => {
    const body = kept(values());
    expect((await refusal(recordKept(ctx, { ...body, user: randomUUID() }))).code).toBe('UNAUTHENTICATED');
    expect((await refusal(recordKept(ctx, { ...body, workspace: randomUUID() }))).code).toBe('NOT_FOUND');
    expect((await refusal(recordKept(ctx, { ...body, values: { subject: 'half' } }))).code).toBe(
      'VALIDATION',
    );
    expect(await items()).toEqual([]);
  });
});
