import type { ActivityView, CollectionChange } from '#lib/contracts/activity.ts';
import type { TransactionSql } from '../db/client.ts';
import { appendEvents, type FeedEvent } from '../event-log/append-events.ts';
import { toActivityView, type ActivityRow } from './activity-row.ts';
import { CHANGES, isChange, isLogin, LOGINS } from './told.ts';

const ADMINS = 'role:admin';

/** Of a change of a collection. `rev`: of two of one thing the higher is newer. */
export function collectionEvent(
  op: 'created' | 'updated' | 'deleted',
  value: CollectionChange,
  rev: number,
  scope = 'workspace',
): FeedEvent {
  const { collection, id } = value;
  return {
    type: `collection.${op}`,
    op: op === 'deleted' ? 'delete' : 'upsert',
    key: id === null ? collection : `${collection}/${id}`,
    rev,
    scope,
    value,
  };
}

/** Ids of audit rows are given under the locks of what was changed, so they order the changes of one thing. */
function eventsOfAct(view: ActivityView): FeedEvent[] {
  const { id, at, action, target } = view;
  const acted: FeedEvent = { type: 'user.acted', key: String(id), rev: id, scope: ADMINS, value: view };
  const change = isChange(action) ? CHANGES[action] : null;
  if (change === null) return [acted];
  const { collection, op, admins } = change;
  const value = { collection, id: target.id, action, at };
  return [acted, collectionEvent(op, value, id, admins ? ADMINS : undefined)];
}

const endedNone = ({ metadata }: ActivityRow): boolean => metadata['sessionsEnded'] === 0;

/** A login is told in every workspace that the person is a member of. */
async function tellLogin(tx: TransactionSql, row: ActivityRow): Promise<void> {
  const view = toActivityView(row);
  const { person_id: userId, person_name: name } = row;
  if (!isLogin(view.action) || userId === null || name === null || endedNone(row)) return;
  const { id } = view;
  const event: FeedEvent = {
    type: LOGINS[view.action],
    key: String(id),
    rev: id,
    scope: ADMINS,
    value: { ...view, userId, name },
  };
  const workspaces = await tx<{ id: string }[]>`
    select workspace_id as id from memberships where user_id = ${userId} order by workspace_id`;
  await Promise.all(workspaces.map((workspace) => appendEvents(tx, workspace.id, [event])));
}

/** Tells the feed what audit rows say, in the transaction that writes them. */
export async function tell(
  tx: TransactionSql,
  workspace: { id: string } | null,
  rows: readonly ActivityRow[],
): Promise<void> {
  const acts = rows.filter(({ action }) => isChange(action)).map(toActivityView);
  if (workspace !== null) await appendEvents(tx, workspace.id, acts.flatMap(eventsOfAct));
  for (const row of rows) if (isLogin(row.action)) await tellLogin(tx, row);
}
