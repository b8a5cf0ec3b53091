import { emitAudit } from '../../audit/emit-audit.ts';
import { requireOperator, type Operator } from '../../auth/operators.ts';
import { withTransaction } from '../../db/with-transaction.ts';
import { newEpoch, readHead, type FeedHead } from '../../event-log/index.ts';

/**
 * Begins a new epoch of the feed: for whoever put back a copy of the database that does not look like one. Every
 * reader, open or not, is reset once; a running server notices within a second.
 * @returns where the feed stands now
 * @throws AppError FORBIDDEN
 */
export async function beginEpoch(operator: Operator): Promise<FeedHead> {
  await requireOperator(operator);
  const { app, actor, ip, requestId } = operator;
  return withTransaction(app.db.sql, async (tx) => {
    const before = await readHead(tx);
    await newEpoch(tx);
    const head = await readHead(tx);
    await emitAudit(
      tx,
      { workspace: null, actor, ip, requestId },
      {
        action: 'epoch.renewed',
        targetType: 'feed',
        targetId: head.epoch,
        metadata: { before: before.epoch, seq: head.seq },
      },
    );
    return head;
  });
}
