import type { z } from 'zod';
import {
  ACTIVITY_ACTIONS,
  ACTIVITY_KINDS,
  activityQuerySchema,
  type ActivityList,
} from '#lib/contracts/activity.ts';
import { selectActivity, toActivityView, type ActivityRow } from '../../audit/activity-row.ts';
import { isChange } from '../../audit/told.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { Sql, Statement } from '../../db/client.ts';
import { parseInput } from '../../parse-input.ts';

/**
 * Who did what in the workspace, newest first, with the logins of its members since they belong to it. What is recorded
 * is not among it: outcomes and journeys say themselves who did.
 * @throws AppError VALIDATION, FORBIDDEN
 */
export async function listActivity(ctx: Context, input: unknown): Promise<ActivityList> {
  requirePermission(ctx, 'manage');
  const query = parseInput(activityQuerySchema, input);
  const rows = await ctx.app.db.sql<ActivityRow[]>`${activityRows(ctx.app.db.sql, ctx.workspace.id, query)}`;
  const items = rows.slice(0, query.limit).map(toActivityView);
  return { items, next: rows.length > query.limit ? (items.at(-1)?.id ?? null) : null };
}

/**
 * The statement that reads one row more than a page as `ActivityRow`s: each half from an index of its own, logins for
 * each member apart, so that those of other people are never touched.
 */
export function activityRows(
  sql: Sql,
  workspaceId: string,
  { limit, before, who, kind }: z.infer<typeof activityQuerySchema>,
): Statement {
  const wanted = kind === undefined ? ACTIVITY_ACTIONS : ACTIVITY_KINDS[kind];
  const page = sql`${before === undefined ? sql`` : sql`and l.id < ${before}`} order by l.id desc limit ${limit + 1}`;
  // The actions stand here as in the indexes `audit_log_activity` and `audit_log_logins`, which are thereby used.
  const acts = sql`
    select l.* from audit_log as l
    where l.workspace_id = ${workspaceId}
      and l.action not in ('outcome.recorded', 'journey.opened', 'journey.stepped')
      and l.action = any(${wanted.filter(isChange)}::text[])
      ${who === undefined ? sql`` : sql`and l.actor_id = ${who}`} ${page}`;
  const logins = sql`
    select l.* from memberships as m cross join lateral (
      select l.* from audit_log as l
      where (case l.target_type when 'user' then l.target_id else l.actor_id end) = m.user_id::text
        and l.workspace_id is null and l.at >= m.created_at
        and l.action in ('session.created', 'session.ended', 'session.revoked', 'session.others-revoked',
          'user.password-changed', 'user.password-reset')
        and l.metadata ->> 'sessionsEnded' is distinct from '0' ${page}
    ) as l
    where m.workspace_id = ${workspaceId} ${who === undefined ? sql`` : sql`and m.user_id = ${who}`}
    order by l.id desc limit ${limit + 1}`;
  const source =
    kind === undefined
      ? sql`((${acts}) union all (${logins}))`
      : kind === 'logins'
        ? sql`(${logins})`
        : sql`(${acts})`;
  return sql`${selectActivity(sql, source, 'newest')} limit ${limit + 1}`;
}
