import type { TransactionSql } from '../../db/client.ts';
import { appendEvents, LOOK_AGAIN } from '../../event-log/append-events.ts';

/**
 * Somebody's role began, changed or ended: their streams on every instance are looked at again, and a cursor of theirs
 * from before is not simply continued. Ring the feed's doorbell after commit.
 */
export function appendAccessChanged(tx: TransactionSql, workspaceId: string, userId: string): Promise<void> {
  return appendEvents(tx, workspaceId, [
    { type: 'access.changed', key: userId, rev: LOOK_AGAIN, scope: `user:${userId}`, value: { userId } },
    { type: 'workspace.changed', key: workspaceId, rev: LOOK_AGAIN, value: { id: workspaceId } },
  ]);
}

/** Tells readers to look at the workspace, its members and its keys again; ring the feed's doorbell after commit. */
export function appendWorkspaceChanged(tx: TransactionSql, workspaceId: string): Promise<void> {
  return appendEvents(tx, workspaceId, [
    { type: 'workspace.changed', key: workspaceId, rev: LOOK_AGAIN, value: { id: workspaceId } },
  ]);
}
