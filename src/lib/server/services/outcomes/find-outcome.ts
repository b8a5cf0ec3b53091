import type { Sql, TransactionSql } from '../../db/client.ts';
import { notFound } from '../../errors.ts';
import type { OutcomeRow } from './outcome-row.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The outcome, deleted or not. @throws AppError NOT_FOUND also for an id of another workspace */
export async function findOutcome(
  sql: Sql | TransactionSql,
  workspaceId: string,
  id: string,
): Promise<OutcomeRow> {
  if (!UUID.test(id)) throw notFound('outcome');
  const [row] = await sql<OutcomeRow[]>`
    select o.*, e.position from outcomes as o left join log_entries as e on e.id = o.entry_id
    where o.workspace_id = ${workspaceId} and o.id = ${id}`;
  if (row === undefined) throw notFound('outcome');
  return row;
}

/** The same, locked until the end of the transaction: corrections of one outcome wait for each other. */
export async function lockOutcome(tx: TransactionSql, workspaceId: string, id: string): Promise<OutcomeRow> {
  if (!UUID.test(id)) throw notFound('outcome');
  const [locked] =
    await tx`select 1 from outcomes where workspace_id = ${workspaceId} and id = ${id} for update`;
  if (locked === undefined) throw notFound('outcome');
  return findOutcome(tx, workspaceId, id);
}
