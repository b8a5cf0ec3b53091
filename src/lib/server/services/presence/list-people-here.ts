import { MOST_OTHERS, type OthersHere } from '#lib/contracts/others-here.ts';
import type { PeopleHere, PersonHere } from '#lib/contracts/presence.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { personHere, type PresentRow } from './person-here.ts';

/** Who is here, as the feed has told it; who came first is first. */
export async function presentPeople(sql: Sql | TransactionSql, workspaceId: string): Promise<PersonHere[]> {
  const rows = await sql<PresentRow[]>`
    select user_id as "userId", name, since from present_people where workspace_id = ${workspaceId}
    order by since, name, user_id`;
  return rows.map(personHere);
}

/** Who is here in this workspace, oneself included unless one appears offline. @throws AppError FORBIDDEN */
export async function listPeopleHere(ctx: Context): Promise<PeopleHere> {
  requirePermission(ctx, 'read');
  return { items: await presentPeople(ctx.app.db.sql, ctx.workspace.id) };
}

/** Who else is here: some by name, all by number. One read by the primary key. @throws AppError FORBIDDEN */
export async function listOthersHere(ctx: Context): Promise<OthersHere> {
  requirePermission(ctx, 'read');
  const rows = await ctx.app.db.sql<(PresentRow & { count: number; at: Date })[]>`
    select user_id as "userId", name, since, count(*) over ()::int as count,
      greatest(clock_timestamp(), to_timestamp((select last_value from presence_clock) / 1000.0)) as at
    from present_people where workspace_id = ${ctx.workspace.id} and user_id is distinct from ${ctx.actor.id}::uuid
    order by since, name, user_id limit ${MOST_OTHERS}`;
  const [first] = rows;
  return {
    items: rows.map(personHere),
    count: first?.count ?? 0,
    at: (first?.at ?? new Date(ctx.now())).toISOString(),
  };
}
