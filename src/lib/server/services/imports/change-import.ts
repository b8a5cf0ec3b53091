import type { ImportView } from '#lib/contracts/feed.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import type { AuditAction } from '../../audit/told.ts';
import type { Context } from '../../context.ts';
import type { TransactionSql } from '../../db/client.ts';
import { appendEvents } from '../../event-log/append-events.ts';
import { findImport, toImportView, type ImportRow } from './import-row.ts';

/** How far an import is, as the feed tells it. */
export const importEvent = (row: ImportRow) =>
  ({
    type: 'import.progressed',
    key: row.id,
    rev: row.updated_at.getTime(),
    value: toImportView(row),
  }) as const;

/** Tells the feed how far an import is, in the caller's transaction. */
export async function announceImport(tx: TransactionSql, row: ImportRow): Promise<void> {
  await appendEvents(tx, row.workspace_id, [importEvent(row)]);
}

/**
 * One step of an import by a person: looks at it under a lock, changes it, writes audit and feed, and wakes the runner.
 * `change` throws what forbids the step.
 */
export async function changeImport(
  ctx: Context,
  id: string,
  action: Extract<AuditAction, `import.${string}`>,
  change: (tx: TransactionSql, row: ImportRow) => Promise<Record<string, unknown>>,
): Promise<ImportView> {
  const changed = await ctx.app.db.sql.begin(async (tx) => {
    await tx`select 1 from imports where id::text = ${id} and workspace_id = ${ctx.workspace.id} for update`;
    const metadata = await change(tx, await findImport(tx, ctx.workspace.id, id));
    const row = await findImport(tx, ctx.workspace.id, id);
    await emitAudit(tx, ctx, {
      action,
      targetType: 'import',
      targetId: id,
      metadata: { fileName: row.file_name, ...metadata },
    });
    await announceImport(tx, row);
    return row;
  });
  ctx.app.doorbell.ringFeed();
  return toImportView(changed);
}
