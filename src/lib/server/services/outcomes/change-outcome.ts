import type { OutcomeView } from '#lib/contracts/outcome.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { TransactionSql } from '../../db/client.ts';
import { withTransaction } from '../../db/with-transaction.ts';
import { AppError } from '../../errors.ts';
import { requireRealWorkspace } from '../../real-workspace.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { appendEvents } from '../../event-log/append-events.ts';
import type { ChangeRecord } from './changes.ts';
import { findOutcome, lockOutcome } from './find-outcome.ts';
import { toOutcomeView, type OutcomeRow } from './outcome-row.ts';

export interface ChangeOptions {
  /** Change it only if it still has this revision (If-Match). */
  revision?: number;
}

export type ChangeType = 'outcome.corrected' | 'outcome.deleted' | 'outcome.restored';

/**
 * One change of one outcome, in one transaction: locked, changed by `apply`, audited, told to the feed.
 * `apply` writes and returns what to keep for the history; null when there is nothing to change.
 * @throws AppError NOT_FOUND, FORBIDDEN, PRECONDITION_FAILED, and what `apply` throws
 */
export async function changeOutcome(
  ctx: Context,
  id: string,
  type: ChangeType,
  options: ChangeOptions,
  apply: (tx: TransactionSql, row: OutcomeRow) => Promise<ChangeRecord | null>,
): Promise<OutcomeView> {
  requirePermission(ctx, 'record');
  requireRealWorkspace(ctx);
  const { view, changed } = await withTransaction(ctx.app.db.sql, async (tx) => {
    const row = await lockOutcome(tx, ctx.workspace.id, id);
    if (options.revision !== undefined && options.revision !== row.revision) {
      throw new AppError(
        'PRECONDITION_FAILED',
        `Somebody changed this outcome: it is at revision ${row.revision}, not ${options.revision}. Look at it again.`,
      );
    }
    const record = await apply(tx, row);
    if (record === null) return { view: toOutcomeView(row), changed: false };
    const view = toOutcomeView(await findOutcome(tx, ctx.workspace.id, id));
    await emitAudit(tx, ctx, {
      action: type,
      targetType: 'outcome',
      targetId: view.id,
      metadata: { ...record },
    });
    await appendEvents(tx, ctx.workspace.id, [{ type, key: view.id, rev: view.revision, value: view }]);
    return { view, changed: true };
  });
  if (changed) {
    ctx.app.doorbell.ringLog(ctx.workspace.id);
    ctx.app.doorbell.ringFeed();
  }
  return view;
}
