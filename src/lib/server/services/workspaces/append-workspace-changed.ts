import type { App } from '../../app.ts';
import type { TransactionSql } from '../../db/client.ts';
import { appendEvents } from '../../event-log/append-events.ts';

/** Tells readers to look at the workspace, its members and its keys again; ring the feed's doorbell after commit. */
export function appendWorkspaceChanged(tx: TransactionSql, app: App, workspaceId: string): Promise<void> {
  return appendEvents(tx, workspaceId, [
    { type: 'workspace.changed', key: workspaceId, rev: app.now(), value: { id: workspaceId } },
  ]);
}
