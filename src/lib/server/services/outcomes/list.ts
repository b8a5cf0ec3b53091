import { outcomeQuerySchema, type OutcomeList, type OutcomeView } from '#lib/contracts/outcome.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { parseInput } from '../../parse-input.ts';
import { toOutcomeView, type OutcomeRow } from './outcome-row.ts';

/**
 * Outcomes, newest recorded first. `from` and `to` are positions of the entry that holds now.
 * @throws AppError VALIDATION, FORBIDDEN
 */
export async function listOutcomes(ctx: Context, input: unknown): Promise<OutcomeList> {
  requirePermission(ctx, 'read');
  const query = parseInput(outcomeQuerySchema, input);
  const { sql } = ctx.app.db;
  const rows = await sql<OutcomeRow[]>`
    select o.*, e.position from outcomes as o left join log_entries as e on e.id = o.entry_id
    where o.workspace_id = ${ctx.workspace.id}
      ${query.externalId === undefined ? sql`` : sql`and o.external_id = ${query.externalId}`}
      ${query.subject === undefined ? sql`` : sql`and o.subject = ${query.subject}`}
      ${query.result === undefined ? sql`` : sql`and o.result = ${query.result}`}
      ${query.from === undefined ? sql`` : sql`and e.position >= ${query.from} and e.workspace_id = ${ctx.workspace.id}`}
      ${query.to === undefined ? sql`` : sql`and e.position <= ${query.to} and e.workspace_id = ${ctx.workspace.id}`}
      ${query.deleted === 'hide' ? sql`and o.deleted_at is null` : sql``}
      ${query.deleted === 'only' ? sql`and o.deleted_at is not null` : sql``}
      ${query.cursor === undefined ? sql`` : sql`and o.id < ${query.cursor}`}
    order by o.id desc
    limit ${query.limit + 1}`;
  const items = rows.slice(0, query.limit).map(toOutcomeView);
  return { items, next: rows.length > query.limit ? (items.at(-1)?.id ?? null) : null };
}

/** The last outcomes that this person or key recorded here, newest first; for the side of the form. */
export async function listOwnOutcomes(ctx: Context, limit: number): Promise<OutcomeView[]> {
  requirePermission(ctx, 'read');
  const rows = await ctx.app.db.sql<OutcomeRow[]>`
    select o.*, e.position from (
      select * from outcomes
      where workspace_id = ${ctx.workspace.id} and deleted_at is null
      order by id desc limit 1000
    ) as o left join log_entries as e on e.id = o.entry_id
    where o.recorded_by = ${ctx.actor.name}
    order by o.id desc limit ${limit}`;
  return rows.map(toOutcomeView);
}

/** The newest outcomes as they are, for a snapshot; deleted ones are not among them. */
export async function newestOutcomes(
  sql: Sql | TransactionSql,
  workspaceId: string,
  limit: number,
): Promise<OutcomeView[]> {
  const rows = await sql<OutcomeRow[]>`
    select o.*, e.position from outcomes as o left join log_entries as e on e.id = o.entry_id
    where o.workspace_id = ${workspaceId} and o.deleted_at is null
    order by o.id desc limit ${limit}`;
  return rows.map(toOutcomeView);
}
