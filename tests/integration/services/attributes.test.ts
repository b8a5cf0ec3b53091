import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AttributeView } from '#lib/contracts/fold.ts';
import type { Context } from '#lib/server/context.ts';
import {
  chooseSearched,
  cutAttribute,
  declareBands,
  listAttributes,
  recordSetting,
} from '#lib/server/services/attributes/index.ts';
import {
  addMember,
  addWorkspace,
  auditOf,
  codeOf,
  contextOf,
  createIdentityApp,
  type IdentityApp,
} from '../../support/identity.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

function attribute(key: string, changes: Partial<AttributeView>): AttributeView {
  const blank: AttributeView = {
    key,
    label: key,
    type: 'string',
    searched: true,
    state: 'category',
    values: [],
    hasOther: false,
    edges: null,
    collected: null,
    comparison: null,
  };
  return { ...blank, ...changes };
}

const KNOWN = [
  attribute('contact', {}),
  attribute('age', { type: 'number', state: 'collecting', collected: 120 }),
  attribute('balance', { type: 'number', state: 'collecting', collected: 0 }),
  attribute('campaign', { type: 'number', state: 'binned', edges: [1, 2] }),
  attribute('notes', { searched: false, state: 'stored' }),
];
let database: TestDatabase;
let app: IdentityApp;
let ctx: Context;

beforeAll(async () => {
  database = await createTestDatabase();
  app = createIdentityApp(database.database, { knowledge: { asOf: 7, attributes: () => KNOWN } });
  const { admin, workspace } = await addWorkspace(app);
  ctx = contextOf(app, workspace, admin, 'analyst');
});
afterAll(() => database.drop());

const lastSetting = async () => {
  const [row] = await app.db.sql`
    select kind, payload, effective_after, ordinal, recorded_by from setting_entries
    where workspace_id = ${ctx.workspace.id} order by id desc limit 1`;
  return row;
};
const settings = async () => (await app.db.sql`select 1 from setting_entries`).length;

describe('a decision about attributes', () => {
  it('waits for its place in the log, is audited, and rings for the leader', async () => {
    await cutAttribute(ctx, 'age');
    expect(await lastSetting()).toEqual({
      kind: 'attribute.cut',
      payload: { attribute: 'age' },
      effective_after: null,
      ordinal: null,
      recorded_by: `user:${ctx.actor.id}`,
    });
    expect(app.rung.log).toContain(ctx.workspace.id);
    expect(await auditOf(app, ctx.workspace.id)).toContainEqual(
      expect.objectContaining({ action: 'attribute.cut', target: 'age' }),
    );
  });

  it('may declare bands of a number, with names', async () => {
    await declareBands(ctx, 'campaign', { edges: [2, 5], labels: ['first', 'some', 'many'] });
    expect(await lastSetting()).toMatchObject({
      kind: 'attribute.bands',
      payload: { attribute: 'campaign', edges: [2, 5], labels: ['first', 'some', 'many'] },
    });
  });

  it('may choose what is searched; the same choice again is none', async () => {
    expect(await chooseSearched(ctx, { attributes: ['notes', 'contact'] })).toBe(true);
    expect(await lastSetting()).toMatchObject({
      kind: 'attribute.choose',
      payload: { attributes: ['contact', 'notes'] },
    });
    expect(await chooseSearched(ctx, { attributes: ['campaign', 'contact', 'balance', 'age'] })).toBe(false);
  });

  it('that makes no sense is refused and stored nowhere', async () => {
    const before = await settings();
    const many = Array.from({ length: 17 }, (_, i) => `a${i}`);
    const refused = await Promise.all([
      codeOf(cutAttribute(ctx, 'campaign')),
      codeOf(cutAttribute(ctx, 'balance')),
      codeOf(cutAttribute(ctx, 'nothing')),
      codeOf(declareBands(ctx, 'contact', { edges: [1] })),
      codeOf(declareBands(ctx, 'age', { edges: [30, 30] })),
      codeOf(declareBands(ctx, 'age', { edges: [] })),
      codeOf(declareBands(ctx, 'age', { edges: [30], labels: ['young'] })),
      codeOf(declareBands(ctx, 'age', { edges: [30], labels: ['A–1', 'A - 1'] })),
      codeOf(chooseSearched(ctx, { attributes: [] })),
      codeOf(chooseSearched(ctx, { attributes: many })),
      codeOf(chooseSearched(ctx, { attributes: ['nothing'] })),
    ]);
    expect(refused).toEqual([
      ...['CONFLICT', 'CONFLICT', 'NOT_FOUND', 'CONFLICT'],
      ...Array<string>(7).fill('VALIDATION'),
    ]);
    expect(await settings()).toBe(before);
  });

  it('takes an analyst, and everybody may look', async () => {
    const recorder = contextOf(
      app,
      ctx.workspace,
      await addMember(app, ctx.workspace, 'recorder'),
      'recorder',
    );
    expect(await codeOf(cutAttribute(recorder, 'age'))).toBe('FORBIDDEN');
    expect(await codeOf(declareBands(recorder, 'age', { edges: [30] }))).toBe('FORBIDDEN');
    expect(await codeOf(chooseSearched(recorder, { attributes: ['contact'] }))).toBe('FORBIDDEN');
    const { asOf, attributes } = await listAttributes(recorder);
    expect([asOf, attributes.at(-1)?.key]).toEqual([7, 'notes']);
  });
});

it('decisions made at once are in the audit in the order in which they will be in force', async () => {
  const { workspace } = await addWorkspace(app, 'At once');
  const here = { ...ctx, workspace };
  const decide = (edge: number) =>
    recordSetting(here, { kind: 'attribute.bands', payload: { attribute: 'age', edges: [edge] } }, 'age');
  await Promise.all(Array.from({ length: 40 }, (_, i) => decide(i)));
  const settings = await app.db.sql`
    select payload from setting_entries where workspace_id = ${workspace.id} order by id`;
  const acts = await app.db.sql`
    select metadata as payload from audit_log
    where workspace_id = ${workspace.id} and action = 'attribute.bands' order by id`;
  expect(acts.map(({ payload }) => payload as unknown)).toEqual(
    settings.map(({ payload }) => payload as unknown),
  );
  expect(acts).toHaveLength(40);
});
