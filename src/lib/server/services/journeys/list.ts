import { journeyQuerySchema, type JourneyList, type JourneyView } from '#lib/contracts/journey.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { parseInput } from '../../parse-input.ts';
import { toJourneyView, type JourneyRow } from './journey-row.ts';

/** Journeys, newest opened first. @throws AppError VALIDATION, FORBIDDEN */
export async function listJourneys(ctx: Context, input: unknown): Promise<JourneyList> {
  requirePermission(ctx, 'read');
  const query = parseInput(journeyQuerySchema, input);
  const { sql } = ctx.app.db;
  const rows = await sql<JourneyRow[]>`
    select * from journeys
    where workspace_id = ${ctx.workspace.id}
      ${query.state === undefined ? sql`` : sql`and state = ${query.state}`}
      ${query.subject === undefined ? sql`` : sql`and subject = ${query.subject}`}
      ${query.cursor === undefined ? sql`` : sql`and id < ${query.cursor}`}
    order by id desc
    limit ${query.limit + 1}`;
  const items = rows.slice(0, query.limit).map(toJourneyView);
  return { items, next: rows.length > query.limit ? (items.at(-1)?.id ?? null) : null };
}

/** The newest open journeys with the revision that their events carry, for a snapshot. */
export async function newestOpenJourneys(
  sql: Sql | TransactionSql,
  workspaceId: string,
  limit: number,
): Promise<{ revision: number; view: JourneyView }[]> {
  const rows = await sql<JourneyRow[]>`
    select * from journeys where workspace_id = ${workspaceId} and state = 'open' order by id desc limit ${limit}`;
  return rows.map((row) => ({ revision: row.revision, view: toJourneyView(row) }));
}
