import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Problem } from '#lib/contracts/problem.ts';
import type { BandsInput } from '#lib/contracts/identity.ts';
import type { Actor } from '#lib/server/context.ts';
import { declareBands } from '#lib/server/services/attributes/index.ts';
import { recordOutcomes } from '#lib/server/services/outcomes/index.ts';
import {
  choosePattern,
  getPattern,
  listPatterns,
  lookupPattern,
  matchingPatterns,
  patternHistory,
  patternOrFormer,
} from '#lib/server/services/patterns/index.ts';
import * as one from '../../../src/routes/api/v1/patterns/[id]/+server.ts';
import { callApi } from '../../support/api-event.ts';
import { until } from '../../support/running-server.ts';
import { settled, startTestApp, type TestApp } from '../../support/test-app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let db: TestDatabase;
let server: TestApp;
let five: string;

const knowledge = () => server.app.folds.of(server.workspace.id);

/** The bands of the score are these, and what they change has been counted anew. */
async function bands(input: BandsInput, words: string[]): Promise<void> {
  await declareBands(server.ctx, 'score', input);
  await until(`the bands are ${words.join(', ')}`, async () => {
    const score = (await knowledge()).attributes().find(({ key }) => key === 'score');
    return score?.values.map(({ label }) => label).join() === words.join();
  });
}

const statuses = async (): Promise<Record<string, string>> => {
  const { items } = await listPatterns(server.ctx, { limit: 1_000, sort: 'label' });
  return Object.fromEntries(items.map(({ label, status }) => [label, status]));
};

/** 400 outcomes with a score of 0 to 9; "score 5" is retired under the bands 5, 6. */
beforeAll(async () => {
  db = await createTestDatabase({ max: 2 });
  server = await startTestApp(db.url);
  const outcomes = Array.from({ length: 400 }, (_, i) => ({
    subject: `client ${i}`,
    result: i % 3 === 0 ? ('success' as const) : ('failure' as const),
    attributes: { score: i % 10, contact: i % 2 === 0 ? 'cellular' : 'telephone' },
  }));
  await recordOutcomes(server.ctx, outcomes, { source: 'api' });
  await settled(server);
  await bands({ edges: [5, 6] }, ['< 5', '5', '≥ 6']);
  five = (await lookupPattern(server.ctx, ['score:5'])).item.id ?? '';
  expect(await choosePattern(server.ctx, five, 'retire')).toMatchObject({ label: 'score 5', changed: true });
  expect(await statuses()).toMatchObject({ 'score 5': 'retired' });
  // Rows are written once a second; of one that left before its own there would be nothing to say.
  await until('score 5 has its row', async () => {
    const rows =
      await db.sql`select 1 from patterns where workspace_id = ${server.workspace.id} and id = ${five}`;
    return rows.length > 0;
  });
});
afterAll(async () => {
  await server.stop();
  await db.drop();
});

it('leaves a retirement with the band that it was about', async () => {
  await bands({ edges: [4, 8] }, ['< 4', '4–7', '≥ 8']);
  expect(await statuses()).toMatchObject({ 'score < 4': 'collecting', 'score 4–7': 'collecting' });
  expect(Object.values(await statuses())).not.toContain('retired');
});

it('says of a pattern whose band is no more just that, and never another pattern’s figures', async () => {
  expect((await lookupPattern(server.ctx, ['score:5'])).item.label).toBe('score 4–7');
  const gone = {
    code: 'NOT_FOUND',
    message: 'score 5 is not counted any more. "score" has other bands now, and none of them is "5".',
  };
  await expect(getPattern(server.ctx, five)).rejects.toMatchObject(gone);
  await expect(patternOrFormer(server.ctx, five)).rejects.toMatchObject(gone);
  await expect(choosePattern(server.ctx, five, 'resume')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const key: Actor = {
    type: 'api-key',
    id: 'k',
    name: 'Script',
    workspace: server.workspace,
    scopes: ['read'],
  };
  const response = await callApi(one.GET, server.app, key, '/', { params: { id: five } });
  const { status, code, detail } = (await response.json()) as Problem;
  expect([response.status, status, code, detail]).toEqual([404, 404, gone.code, gone.message]);
  const { id, items } = await patternHistory(server.ctx, five, {});
  expect(id).toBe(five);
  expect(items.flatMap(({ events }) => events.map(({ kind }) => kind))).toContain('retired');
});

it('finds the band of a recorded number by its value, not by a band of that name', async () => {
  await bands({ edges: [4, 8], labels: ['3', '2', '1'] }, ['3', '2', '1']);
  expect((await lookupPattern(server.ctx, ['score:1'])).item.label).toBe('score 1');
  const labelsFor = async (...where: string[]) =>
    (await matchingPatterns(server.ctx, where, 10)).items.map(({ label }) => label).sort();
  expect(await labelsFor('score:1')).toEqual(['score 3']);
  expect(await labelsFor('score:9', 'contact:cellular')).toEqual(
    expect.arrayContaining(['contact cellular', 'score 1']),
  );
  expect(await labelsFor('score:none', 'score', 'nobody:x', 'contact:letter')).toEqual([]);
});

it('gives a pattern its page and its retirement back with its bands', async () => {
  await bands({ edges: [5, 6] }, ['< 5', '5', '≥ 6']);
  expect((await getPattern(server.ctx, five)).item).toMatchObject({
    id: five,
    conditions: [{ attribute: 'score', value: '5' }],
    status: 'retired',
    n: 40,
  });
});
