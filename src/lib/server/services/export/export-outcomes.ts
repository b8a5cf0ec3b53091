import { stringify } from 'csv-stringify/sync';
import type { AttributeValue, Result } from '#lib/contracts/outcome.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { TransactionSql } from '../../db/client.ts';
import { toOutcomeLine, type OutcomeLine } from './outcome-line.ts';

export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const ROWS_A_TIME = 1_000;
const CSV_COLUMNS = ['externalId', 'subject', 'variant', 'result', 'value', 'occurredAt', 'note'] as const;

interface Row {
  id: string;
  externalId: string | null;
  subject: string;
  variant: string | null;
  result: Result;
  value: number | null;
  attributes: Record<string, AttributeValue>;
  occurred_at: Date;
  note: string | null;
}

/**
 * Writes every outcome that stands, one line each, in the order of the log (of the entry that holds now), as of one
 * instant. NDJSON is read back by `npm run record` into the same set; CSV has a column for each attribute.
 * `write` gets some thousand lines at a time and is waited for, so a slow reader costs no memory.
 * @returns how many outcomes
 * @throws AppError FORBIDDEN
 */
export async function exportOutcomes(
  ctx: Context,
  format: ExportFormat,
  write: (text: string) => Promise<void>,
): Promise<number> {
  requirePermission(ctx, 'read');
  const workspaceId = ctx.workspace.id;
  await emitAudit(ctx.app.db.sql, ctx, {
    action: 'outcomes.exported',
    targetType: 'workspace',
    targetId: workspaceId,
    metadata: { format },
  });
  return ctx.app.db.sql.begin('isolation level repeatable read read only', async (tx) => {
    const keys = format === 'csv' ? await attributeKeys(tx, workspaceId) : [];
    if (format === 'csv')
      await write(stringify([[...CSV_COLUMNS, ...keys.map((key) => attributeColumn(key))]]));
    let count = 0;
    const rows = tx<Row[]>`
      select o.id, o.external_id as "externalId", o.subject, o.variant, o.result, o.value, o.attributes, o.occurred_at, o.note
      from outcomes as o join log_entries as e on e.id = o.entry_id
      where o.workspace_id = ${workspaceId} and o.deleted_at is null
      order by e.position nulls last, e.id`.cursor(ROWS_A_TIME);
    for await (const page of rows) {
      count += page.length;
      const lines = page.map((row) => toOutcomeLine({ ...row, occurredAt: row.occurred_at.toISOString() }));
      await write(
        format === 'csv'
          ? stringify(lines.map((line) => csvFields(line, keys)))
          : lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
      );
    }
    return count;
  });
}

async function attributeKeys(tx: TransactionSql, workspaceId: string): Promise<string[]> {
  const found = await tx<{ key: string }[]>`
    select key from attributes where workspace_id = ${workspaceId} order by created_at, key`;
  return found.map(({ key }) => key);
}

/** A column of an attribute must not be taken for one of the outcome's own. */
const attributeColumn = (key: string) =>
  (CSV_COLUMNS as readonly string[]).includes(key) ? `attribute ${key}` : key;

function csvFields(line: OutcomeLine, keys: readonly string[]): string[] {
  const own = CSV_COLUMNS.map((column) => String(line[column] ?? ''));
  return [...own, ...keys.map((key) => String(line.attributes[key] ?? ''))];
}
