import {
  ACTIVITY_ACTIONS,
  ACTIVITY_KINDS,
  activityQuerySchema,
  type ActivityList,
} from '#lib/contracts/activity.ts';
import { selectActivity, toActivityView, type ActivityRow } from '../../audit/activity-row.ts';
import { isChange, isLogin } from '../../audit/told.ts';
import { requirePermission, type Context } from '../../context.ts';
import { parseInput } from '../../parse-input.ts';

/**
 * Who did what in the workspace, newest first, with the logins of its members since they belong to it. What is recorded
 * is not among it: outcomes and journeys say themselves who did.
 * @throws AppError VALIDATION, FORBIDDEN
 */
export async function listActivity(ctx: Context, input: unknown): Promise<ActivityList> {
  requirePermission(ctx, 'manage');
  const { limit, before, who, kind } = parseInput(activityQuerySchema, input);
  const { sql } = ctx.app.db;
  const wanted = kind === undefined ? ACTIVITY_ACTIONS : [...ACTIVITY_KINDS[kind]];
  const page = sql`${before === undefined ? sql`` : sql`and l.id < ${before}`} order by l.id desc limit ${limit + 1}`;
  // The actions left out stand here as in the index `audit_log_activity`, which is thereby used.
  const acts = sql`
    select l.* from audit_log as l
    where l.workspace_id = ${ctx.workspace.id}
      and l.action not in ('outcome.recorded', 'journey.opened', 'journey.stepped')
      and l.action = any(${wanted.filter(isChange)}::text[])
      ${who === undefined ? sql`` : sql`and l.actor_id = ${who}`} ${page}`;
  const logins = sql`
    select l.* from audit_log as l join memberships as m on m.workspace_id = ${ctx.workspace.id}
      and m.user_id = (case l.target_type when 'user' then l.target_id else l.actor_id end)::uuid
    where l.workspace_id is null and l.at >= m.created_at
      and l.action not in ('outcome.recorded', 'journey.opened', 'journey.stepped')
      and l.action = any(${wanted.filter(isLogin)}::text[])
      and l.metadata ->> 'sessionsEnded' is distinct from '0'
      ${who === undefined ? sql`` : sql`and m.user_id = ${who}`} ${page}`;
  const rows = await sql<
    ActivityRow[]
  >`${selectActivity(sql, sql`((${acts}) union all (${logins}))`, 'newest')}`;
  const items = rows.slice(0, limit).map(toActivityView);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
