import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OutcomeFormValues } from '#lib/contracts/outcome-form.ts';
import type { App } from '#lib/server/app.ts';
import type { Context } from '#lib/server/context.ts';
import { AppError } from '#lib/server/errors.ts';
import {
  correctFromForm,
  deleteOutcome,
  formFromOutcome,
  getOutcome,
  listOutcomes,
  readRecordPage,
  recordFromForm,
  renewKey,
} from '#lib/server/services/outcomes/index.ts';
import { openJourney } from '#lib/server/services/journeys/index.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import { createTestApp, createTestWorkspace, testContext } from '../../../support/test-workspace.ts';

let db: TestDatabase;
let app: App;
let ctx: Context;

beforeAll(async () => {
  db = await createTestDatabase();
  const unavailable = () => Promise.reject(new AppError('UNAVAILABLE', 'Reading the log.'));
  app = await createTestApp(db.database, {
    folds: {
      of: unavailable,
      readApplied: unavailable,
      waitFor: unavailable,
      check: unavailable,
      health: () => [],
    },
  });
});
beforeEach(async () => {
  ctx = testContext(app, await createTestWorkspace(db.database, { timezone: 'Europe/Berlin' }));
});
afterAll(() => db.drop());

const from = { saved: null, undone: null, subject: null, journeyId: null };
const fill = async (change: Partial<OutcomeFormValues> = {}): Promise<OutcomeFormValues> => ({
  ...(await readRecordPage(ctx, from)).values,
  subject: 'client 7',
  result: 'success',
  ...change,
});
async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(AppError);
  return thrown as AppError;
}

describe('the record form', () => {
  it('records what it says, once for two clicks at the same time', async () => {
    const values = await fill({
      value: '1,200',
      when: 'yesterday 16:30',
      extra: [
        { key: 'contact', value: 'cellular' },
        { key: 'age', value: '33' },
      ],
    });
    const [first, second] = await Promise.all([recordFromForm(ctx, values), recordFromForm(ctx, values)]);
    expect(first.id).toBe(second.id);
    const { items } = await listOutcomes(ctx, {});
    expect(items).toMatchObject([
      {
        subject: 'client 7',
        value: 1200,
        source: 'form',
        attributes: { contact: 'cellular', age: 33 },
        recordedBy: ctx.actor.name,
      },
    ]);
  });

  it('with something else under the key of a saved one asks, and then saves under a new key', async () => {
    const values = await fill();
    await recordFromForm(ctx, values);
    const changed = { ...values, result: 'failure' };
    const error = await refusal(recordFromForm(ctx, changed));
    expect(error.code).toBe('CONFLICT');
    const again = renewKey(error, changed);
    expect(again.once).not.toBe(values.once);
    await recordFromForm(ctx, again);
    expect((await listOutcomes(ctx, {})).items).toHaveLength(2);
  });

  it('says everything that is wrong, with the paths of the form, and saves nothing', async () => {
    const error = await refusal(
      recordFromForm(
        ctx,
        await fill({ subject: '', value: 'x', when: 'in 3 weeks', extra: [{ key: 'a:b', value: '1' }] }),
      ),
    );
    expect(error.issues.map(({ path }) => path).sort()).toEqual(['extra.0', 'subject', 'value', 'when']);
    expect((await listOutcomes(ctx, {})).items).toEqual([]);
  });

  it('points to the field of an attribute with another type', async () => {
    await recordFromForm(ctx, await fill({ extra: [{ key: 'age', value: '33' }] }));
    const page = await readRecordPage(ctx, from);
    expect(page.attributes).toMatchObject([{ key: 'age', type: 'number' }]);
    const error = await refusal(
      recordFromForm(ctx, {
        ...page.values,
        subject: 's',
        result: 'success',
        extra: [{ key: 'age', value: 'old' }],
      }),
    );
    expect(error.issues).toMatchObject([{ path: 'extra.0' }]);
  });

  it('goes on with the attributes of the saved one, and with everything of the undone one', async () => {
    const { journey } = await openJourney(ctx, { subject: 'client 7' });
    const { id } = await recordFromForm(
      ctx,
      await fill({
        note: 'n',
        journeyId: journey.id,
        variant: 'B',
        extra: [{ key: 'contact', value: 'cellular' }],
      }),
    );
    const next = await readRecordPage(ctx, { ...from, saved: id });
    expect(next.saved?.id).toBe(id);
    expect(next.values).toMatchObject({
      subject: '',
      result: '',
      note: '',
      journeyId: '',
      another: true,
      attributes: [{ key: 'contact', value: 'cellular' }],
    });
    expect(next.recent.map((outcome) => outcome.id)).toEqual([id]);
    await deleteOutcome(ctx, id);
    const undone = await readRecordPage(ctx, { ...from, undone: id });
    expect(undone.values).toMatchObject({
      subject: 'client 7',
      result: 'success',
      note: 'n',
      variant: 'B',
      journeyId: journey.id,
    });
    expect(undone.journeys.items.map((open) => open.id)).toEqual([journey.id]);
    expect((await readRecordPage(ctx, { ...from, saved: id })).saved).toBeNull();
  });
});

describe('the correct form', () => {
  it('unchanged is no change, though it shows the time only to the second', async () => {
    const { id } = await recordFromForm(
      ctx,
      await fill({
        value: '0.0001',
        extra: [
          { key: 'x', value: '1e-7' },
          { key: 'b', value: 'word' },
        ],
      }),
    );
    const { attributes } = await readRecordPage(ctx, from);
    const values = formFromOutcome(ctx, attributes, await getOutcome(ctx, id));
    expect((await correctFromForm(ctx, id, values, 1)).revision).toBe(1);
    const corrected = await correctFromForm(
      ctx,
      id,
      { ...values, result: 'neutral', when: '2026-03-01 16:30' },
      1,
    );
    expect(corrected).toMatchObject({
      revision: 2,
      result: 'neutral',
      occurredAt: '2026-03-01T15:30:00.000Z',
      attributes: { x: 1e-7, b: 'word' },
    });
    expect((await refusal(correctFromForm(ctx, id, values, 1))).code).toBe('PRECONDITION_FAILED');
  });
});
