import type { TransactionSql, Sql } from '../db/client.ts';
import type { Context } from '../context.ts';

export interface AuditEntry {
  /** noun.verbed */
  action: string;
  targetType: string;
  targetId: string | null;
  metadata?: Record<string, unknown>;
}

/** Writes audit rows in the caller's transaction; every write verb calls it. Never put secrets in `metadata`. */
export async function emitAudit(
  tx: TransactionSql | Sql,
  ctx: Pick<Context, 'actor' | 'ip' | 'requestId'> & { workspace: { id: string } | null },
  ...entries: AuditEntry[]
): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map((entry) => ({
    workspace_id: ctx.workspace?.id ?? null,
    actor_type: ctx.actor.type,
    actor_id: ctx.actor.id,
    actor_label: ctx.actor.name,
    action: entry.action,
    target_type: entry.targetType,
    target_id: entry.targetId,
    metadata: tx.json((entry.metadata ?? {}) as never),
    ip: ctx.ip,
    request_id: ctx.requestId,
  }));
  await tx`insert into audit_log ${tx(rows as never)}`;
}
