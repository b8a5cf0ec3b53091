import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

/** Who did what, for good. Append-only; no foreign keys, so that nothing can take it along. Sort by `id`. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    workspaceId: uuid('workspace_id'),
    at: at('at').notNull().defaultNow(),
    actorType: text('actor_type', { enum: ['user', 'api-key', 'system'] }).notNull(),
    actorId: text('actor_id'),
    actorLabel: text('actor_label').notNull(),
    /** noun.verbed, as in `outcome.recorded`. */
    action: text().notNull(),
    targetType: text('target_type').notNull(),
    targetId: text('target_id'),
    metadata: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    ip: text(),
    requestId: text('request_id'),
  },
  (t) => [
    index('audit_log_workspace').on(t.workspaceId, t.id),
    // What is shown as activity: without what is recorded, which is the mass of the rows.
    index('audit_log_activity')
      .on(t.workspaceId, t.id)
      .where(sql`${t.action} not in ('outcome.recorded', 'journey.opened', 'journey.stepped')`),
    // When the logins of a person began and ended, whoever ended them; without what ended none.
    index('audit_log_logins')
      .on(sql`(case ${t.targetType} when 'user' then ${t.targetId} else ${t.actorId} end)`, t.id)
      .where(
        sql`${t.workspaceId} is null and ${t.action} in ('session.created', 'session.ended', 'session.revoked', 'session.others-revoked', 'user.password-changed', 'user.password-reset') and ${t.metadata} ->> 'sessionsEnded' is distinct from '0'`,
      ),
    // The history of one thing. Recording is left out: it is the mass of the rows, and outcomes know it themselves.
    index('audit_log_target')
      .on(t.workspaceId, t.targetId)
      .where(sql`${t.action} <> 'outcome.recorded'`),
  ],
);
