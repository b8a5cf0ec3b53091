import type { Sql, Statement, TransactionSql } from '../db/client.ts';
import { jsonText } from '../db/json-text.ts';
import type { Context } from '../context.ts';
import { selectActivity, type ActivityRow } from './activity-row.ts';
import { tell } from './tell.ts';
import { isTold, type AuditAction } from './told.ts';

export interface AuditEntry {
  /** noun.verbed; a new one is decided about in told.ts: who hears of it. */
  action: AuditAction;
  targetType: string;
  targetId: string | null;
  metadata?: Record<string, unknown>;
}

type Auditor = Pick<Context, 'actor' | 'ip' | 'requestId'> & { workspace: { id: string } | null };

/**
 * The statement that writes audit rows: awaited, or as a part of a larger one. There must be at least one entry; its
 * text is the same for any number of them, so that it is prepared once. Never put secrets in `metadata`.
 */
export function insertAudit(
  tx: TransactionSql | Sql,
  { workspace, actor, ip, requestId }: Auditor,
  entries: readonly AuditEntry[],
): Statement {
  const rows = entries.map((entry) => ({
    action: entry.action,
    target_type: entry.targetType,
    target_id: entry.targetId,
    metadata: entry.metadata ?? {},
  }));
  return tx`
    insert into audit_log (workspace_id, actor_type, actor_id, actor_label, action, target_type, target_id, metadata,
      ip, request_id)
    select ${workspace?.id ?? null}::uuid, ${actor.type}::text, ${actor.id}::text, ${actor.name}::text, e.action,
      e.target_type, e.target_id, e.metadata, ${ip}::text, ${requestId}::text
    from rows from (
      json_to_recordset(${jsonText(rows)}::json)
      as (action text, target_type text, target_id text, metadata jsonb)
    ) with ordinality as e (action, target_type, target_id, metadata, place)
    order by e.place`;
}

/**
 * Writes audit rows in the caller's transaction, with the feed events that follow from them (told.ts); every write verb
 * calls it. Ring the feed's doorbell after commit. Never put secrets in `metadata`.
 */
export async function emitAudit(
  tx: TransactionSql,
  auditor: Auditor,
  ...entries: AuditEntry[]
): Promise<void> {
  if (entries.length === 0) return;
  const audit = insertAudit(tx, auditor, entries);
  if (!entries.some(({ action }) => isTold(action))) {
    await audit;
    return;
  }
  const rows = await tx<ActivityRow[]>`
    with written as (${audit} returning *) ${selectActivity(tx, tx`written`, 'oldest')}`;
  await tell(tx, auditor.workspace, rows);
}
