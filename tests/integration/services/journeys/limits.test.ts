import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '#lib/server/app.ts';
import { addJourneyStep, openJourney } from '#lib/server/services/journeys/index.ts';
import { codeOf } from '../../../support/identity.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import { createTestApp, createTestWorkspace, testContext } from '../../../support/test-workspace.ts';

let db: TestDatabase;
let app: App;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await createTestApp(db.database);
});
afterAll(() => db.drop());

const attributes = (from: number, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${from + i}`, i]));

describe('a journey', () => {
  it('gathers no more attributes than an outcome has', async () => {
    const ctx = testContext(app, await createTestWorkspace(db.database));
    const { journey } = await openJourney(ctx, { subject: 'Ana', attributes: attributes(0, 60) });
    const step = (more: Record<string, unknown>) =>
      addJourneyStep(ctx, journey.id, { step: 'call', attributes: more });
    await expect(step(attributes(60, 5))).rejects.toMatchObject({
      code: 'VALIDATION',
      issues: [{ path: 'attributes', message: expect.stringContaining('64') as string }],
    });
    const full = await step({ ...attributes(60, 5), a0: null });
    expect(Object.keys(full.journey.attributes)).toHaveLength(64);
  });

  it('is neither opened nor continued by hand among simulated data', async () => {
    const real = await createTestWorkspace(db.database);
    const { journey } = await openJourney(testContext(app, real), { subject: 'Ana' });
    const simulated = testContext(app, { ...real, simulated: true });
    expect(await codeOf(openJourney(simulated, { subject: 'Rui' }))).toBe('FORBIDDEN');
    expect(await codeOf(addJourneyStep(simulated, journey.id, { step: 'call' }))).toBe('FORBIDDEN');
  });
});
