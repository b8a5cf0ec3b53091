import type { SelfCheckList } from '#lib/contracts/self-check.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { progressEvent, toSelfCheckView, type SelfCheckRow } from './self-check-row.ts';

const SHOWN = 20;

/** The check that runs and the last ones, newest first. @throws AppError FORBIDDEN */
export async function readSelfChecks(ctx: Context): Promise<SelfCheckList> {
  requirePermission(ctx, 'read');
  const rows = await ctx.app.db.sql<SelfCheckRow[]>`
    select * from self_checks where workspace_id = ${ctx.workspace.id}
    order by created_at desc limit ${SHOWN}`;
  const items = rows.map(toSelfCheckView);
  return { running: items.find(({ state }) => state === 'running') ?? null, items };
}

/** The checks that a feed begins with, newest first, as their events. */
export async function selfCheckEvents(sql: Sql | TransactionSql, workspaceId: string) {
  const rows = await sql<SelfCheckRow[]>`
    select * from self_checks where workspace_id = ${workspaceId} order by created_at desc limit ${SHOWN}`;
  return rows.map(progressEvent);
}
