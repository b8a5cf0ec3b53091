import { stringify } from 'csv-stringify/sync';
import type { AttributeValue } from '#lib/contracts/outcome.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requirePermission, type Context } from '../../context.ts';
import { toOutcomeLine, type OutcomeLine } from './outcome-line.ts';
import { outcomePages } from './outcome-pages.ts';

export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const CSV_COLUMNS = ['externalId', 'subject', 'variant', 'result', 'value', 'occurredAt', 'note'] as const;

/**
 * Writes every outcome that stands, one line each, in the order of the log (of the entry that held when the export
 * began). NDJSON is read back by `npm run record` into the same set; CSV has a column for each attribute, and its
 * text is made safe for spreadsheets: what would be a formula has a quote in front.
 * `write` gets some thousand lines at a time and is waited for, so a slow reader costs no memory; nothing of the
 * database is held while it is. Outcomes recorded later are left out. What is corrected meanwhile is in its old place,
 * as it was or as it is by then; what is deleted meanwhile is there or not.
 * @returns how many outcomes
 * @throws AppError FORBIDDEN
 */
export async function exportOutcomes(
  ctx: Context,
  format: ExportFormat,
  write: (text: string) => Promise<void>,
): Promise<number> {
  requirePermission(ctx, 'read');
  await ctx.app.db.sql.begin((tx) =>
    emitAudit(tx, ctx, {
      action: 'outcomes.exported',
      targetType: 'workspace',
      targetId: ctx.workspace.id,
      metadata: { format },
    }),
  );
  ctx.app.doorbell.ringFeed();
  const keys = format === 'csv' ? await attributeKeys(ctx) : [];
  if (format === 'csv') await write(csv([[...CSV_COLUMNS, ...keys.map((key) => attributeColumn(key))]]));
  let count = 0;
  for await (const page of outcomePages(ctx)) {
    count += page.length;
    const lines = page.map((row) => toOutcomeLine({ ...row, occurredAt: row.occurred_at.toISOString() }));
    await write(
      format === 'csv'
        ? csv(lines.map((line) => csvFields(line, keys)))
        : lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
  }
  return count;
}

/** Numbers stay numbers, so that a negative one is not taken for a formula. */
type CsvField = string | number;

const csv = (rows: CsvField[][]): string => stringify(rows, { escape_formulas: true });

async function attributeKeys(ctx: Context): Promise<string[]> {
  const found = await ctx.app.db.sql<{ key: string }[]>`
    select key from attributes where workspace_id = ${ctx.workspace.id} order by created_at, key`;
  return found.map(({ key }) => key);
}

/** A column of an attribute must not be taken for one of the outcome's own. */
const attributeColumn = (key: string) =>
  (CSV_COLUMNS as readonly string[]).includes(key) ? `attribute ${key}` : key;

const toField = (value: AttributeValue | undefined): CsvField =>
  typeof value === 'number' ? value : String(value ?? '');

function csvFields(line: OutcomeLine, keys: readonly string[]): CsvField[] {
  const own = CSV_COLUMNS.map((column) => toField(line[column]));
  // An attribute may be named like something that every object has, such as "constructor".
  return [
    ...own,
    ...keys.map((key) => toField(Object.hasOwn(line.attributes, key) ? line.attributes[key] : undefined)),
  ];
}
