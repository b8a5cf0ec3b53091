import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '#lib/server/app.ts';
import type { Context } from '#lib/server/context.ts';
import { exportOutcomes, type ExportFormat, type OutcomeLine } from '#lib/server/services/export/index.ts';
import { correctOutcome, deleteOutcome, recordOutcomes } from '#lib/server/services/outcomes/index.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.ts';
import { createTestApp, createTestWorkspace, testContext } from '../../../support/test-workspace.ts';

let db: TestDatabase;
let app: App;
let ctx: Context;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await createTestApp(db.database);
});
beforeEach(async () => {
  ctx = testContext(app, await createTestWorkspace(db.database));
});
afterAll(() => db.drop());

async function exported(from: Context, format: ExportFormat = 'ndjson'): Promise<string> {
  let text = '';
  await exportOutcomes(from, format, (piece) => {
    text += piece;
    return Promise.resolve();
  });
  return text;
}
const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as OutcomeLine);

async function fill(): Promise<string[]> {
  const { items } = await recordOutcomes(
    ctx,
    [
      {
        externalId: 'a',
        subject: 'Ana, "the first"',
        result: 'success',
        value: 12.5,
        variant: 'B',
        note: 'two\nlines',
        attributes: { city: 'São João', age: 33, vip: true },
        occurredAt: '2024-01-01T10:00:00Z',
      },
      { subject: 'Rui', result: 'failure', attributes: {}, occurredAt: '2024-01-02T10:00:00Z' },
      {
        externalId: 'c',
        subject: 'Eva',
        result: 'neutral',
        attributes: { city: 'Faro' },
        occurredAt: '2024-01-03T10:00:00Z',
      },
      {
        externalId: 'd',
        subject: 'gone',
        result: 'success',
        attributes: {},
        occurredAt: '2024-01-04T10:00:00Z',
      },
    ],
    { source: 'api' },
  );
  await deleteOutcome(ctx, items[3]?.id ?? '');
  await correctOutcome(ctx, items[0]?.id ?? '', { value: 13 });
  // The leader places entries; here that is done by hand, in the order of the log.
  await db.sql`
    update log_entries as e set position = o.position from (
      select id, row_number() over (order by id) as position from log_entries where workspace_id = ${ctx.workspace.id}
    ) as o where o.id = e.id`;
  return items.map((item) => item.id);
}

describe('an export', () => {
  it('has a line for each outcome that stands, corrected, in the order of the log', async () => {
    const ids = await fill();
    const lines = linesOf(await exported(ctx));
    expect(lines.map((line) => line.externalId)).toEqual([`telltale:${ids[1]}`, 'c', 'a']);
    expect(lines[2]).toEqual({
      externalId: 'a',
      subject: 'Ana, "the first"',
      variant: 'B',
      result: 'success',
      value: 13,
      attributes: { city: 'São João', age: 33, vip: true },
      occurredAt: '2024-01-01T10:00:00.000Z',
      note: 'two\nlines',
    });
  });

  it('recorded elsewhere gives the same export, and again adds nothing', async () => {
    await fill();
    const text = await exported(ctx);
    const other = testContext(app, await createTestWorkspace(db.database));
    expect(await recordOutcomes(other, linesOf(text), { source: 'api' })).toMatchObject({ accepted: 3 });
    expect(await exported(other)).toBe(text);
    expect(await recordOutcomes(other, linesOf(text), { source: 'api' })).toMatchObject({
      accepted: 0,
      duplicates: 3,
    });
  });

  it('recorded again where it comes from adds nothing', async () => {
    await fill();
    const reply = await recordOutcomes(ctx, linesOf(await exported(ctx)), { source: 'api' });
    expect(reply).toMatchObject({ accepted: 0, duplicates: 3 });
    expect(reply.items.some((item) => item.differs)).toBe(false);
  });

  it('as CSV has a column for each attribute', async () => {
    await fill();
    const [head, ...rows] = (await exported(ctx, 'csv')).split('\n');
    expect(head).toBe('externalId,subject,variant,result,value,occurredAt,note,age,city,vip');
    expect(rows[1]).toBe('c,Eva,,neutral,,2024-01-03T10:00:00.000Z,,,Faro,');
  });

  it('comes in pages when it is long, as of one instant', async () => {
    const many = Array.from({ length: 2_500 }, (_, i) => ({
      externalId: `n${i}`,
      subject: 's',
      result: 'failure',
    }));
    await recordOutcomes(ctx, many, { source: 'api' });
    const pieces: string[] = [];
    const count = await exportOutcomes(ctx, 'ndjson', async (piece) => {
      pieces.push(piece);
      if (pieces.length === 1)
        await recordOutcomes(ctx, [{ subject: 'late', result: 'success' }], { source: 'api' });
    });
    expect(count).toBe(2_500);
    expect(pieces).toHaveLength(3);
    expect(linesOf(pieces.join('')).map((line) => line.externalId)).toEqual(
      many.map((outcome) => outcome.externalId),
    );
  });

  it('holds nothing of the database while its reader is slow', async () => {
    await fill();
    let held: readonly unknown[] = ['not looked'];
    await exportOutcomes(ctx, 'ndjson', async () => {
      held = await db.sql`
        select state, query from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'`;
    });
    expect(held).toEqual([]);
  });

  it.each([true, false])('has what is corrected meanwhile once (placed: %s)', async (placed) => {
    const many = Array.from({ length: 1_200 }, (_, i) => ({
      externalId: `n${i}`,
      subject: 's',
      result: 'failure',
    }));
    const { items } = await recordOutcomes(ctx, many, { source: 'api' });
    const place = () => db.sql`
      update log_entries as e set position = o.position from (
        select id, row_number() over (order by id) as position from log_entries
        where workspace_id = ${ctx.workspace.id}
      ) as o where o.id = e.id`;
    if (placed) await place();
    const pieces: string[] = [];
    await exportOutcomes(ctx, 'ndjson', async (piece) => {
      if (pieces.push(piece) > 1) return;
      for (const at of [3, 1_100]) await correctOutcome(ctx, items[at]?.id ?? '', { value: 7 });
      await deleteOutcome(ctx, items[1_101]?.id ?? '');
      await place();
    });
    const lines = linesOf(pieces.join(''));
    expect(lines.map((line) => line.externalId)).toEqual(
      many.map((outcome) => outcome.externalId).filter((id) => id !== 'n1101'),
    );
    expect(lines[1_100]?.value).toBe(7);
  });

  it('as CSV shows only attributes that an outcome has, and no formulas', async () => {
    await recordOutcomes(
      ctx,
      [
        {
          externalId: '1',
          subject: '=1+1',
          result: 'success',
          value: -5,
          attributes: { '@sum': '+2', n: -3 },
        },
        {
          externalId: '2',
          subject: 'Ana',
          result: 'failure',
          note: '\tx',
          attributes: { constructor: true },
        },
      ],
      { source: 'api' },
    );
    const [head, ...rows] = (await exported(ctx, 'csv')).trim().split('\n');
    expect(head?.split(',').slice(7).sort()).toEqual(["'@sum", 'constructor', 'n']);
    const cells = (row: string | undefined) => {
      const names = head?.split(',') ?? [];
      return Object.fromEntries((row ?? '').split(',').map((cell, i) => [names[i] ?? '', cell]));
    };
    expect(cells(rows[0])).toMatchObject({ subject: "'=1+1", value: '-5', "'@sum": "'+2", n: '-3' });
    expect(Object.hasOwn(cells(rows[0]), 'constructor') && cells(rows[0])['constructor']).toBe('');
    expect(cells(rows[1])).toMatchObject({ note: "'\tx", constructor: 'true', n: '' });
  });
});
