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
