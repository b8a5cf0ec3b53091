import type { SettingDecision } from '#lib/domain/attributes/setting-entry.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import type { AuditAction } from '../../audit/told.ts';
import type { Context } from '../../context.ts';
import type { TransactionSql } from '../../db/client.ts';
import { appendWorkspaceChanged } from '../workspaces/index.ts';

/** The decisions of people; those of the fold itself are nobody's act. */
type PersonsDecision = Extract<SettingDecision, { kind: AuditAction }>;

/**
 * Stores a decision that the fold depends on. It has no place in the log yet: the leader of the workspace gives it
 * one, after everything placed so far (FINE-PRINT 1).
 */
export async function recordSetting(
  ctx: Context,
  decision: PersonsDecision,
  targetId: string | null,
  targetType: 'attribute' | 'pattern' = 'attribute',
): Promise<void> {
  const { app, workspace } = ctx;
  await app.db.sql.begin((tx) => insertSetting(tx, ctx, decision, { targetType, targetId }));
  app.doorbell.ringLog(workspace.id);
  app.doorbell.ringFeed();
}

async function insertSetting(
  tx: TransactionSql,
  ctx: Context,
  decision: PersonsDecision,
  target: { targetType: string; targetId: string | null },
) {
  const { workspace, actor } = ctx;
  // One after the other, so that the audit has them in the order in which they will be in force.
  await tx`select pg_advisory_xact_lock(hashtextextended(${`${workspace.id}/settings`}::text, 26))`;
  const recordedBy = `${actor.type}:${actor.id ?? actor.name}`;
  await tx`
    insert into setting_entries (workspace_id, kind, payload, recorded_by)
    values (${workspace.id}, ${decision.kind}, ${tx.json(decision.payload as never)}, ${recordedBy})`;
  await emitAudit(tx, ctx, {
    action: decision.kind,
    ...target,
    metadata: { ...decision.payload },
  });
  await appendWorkspaceChanged(tx, workspace.id);
}
