import { integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { ERROR_KINDS, ERROR_SEVERITIES } from '#lib/contracts/notices.ts';
import { at } from './columns.ts';

/** The last maintenance that was announced to everybody: one row, never deleted, so that its revisions only rise. */
export const maintenance = pgTable('maintenance', {
  key: text().primaryKey(),
  message: text().notNull(),
  fromAt: at('from_at').notNull(),
  untilAt: at('until_at').notNull(),
  /** In which the times were written. */
  timezone: text().notNull(),
  /** Null while it was not taken back. */
  withdrawnAt: at('withdrawn_at'),
  revision: integer().notNull().default(1),
  updatedAt: at('updated_at').notNull().defaultNow(),
  /** Name of who changed it last; the audit log has the rest. */
  updatedBy: text('updated_by').notNull(),
});

/**
 * What is or was wrong in a workspace by our fault: one row a kind, never deleted, so that its revisions only rise.
 */
export const systemErrors = pgTable(
  'system_errors',
  {
    workspaceId: uuid('workspace_id').notNull(),
    kind: text({ enum: ERROR_KINDS }).notNull(),
    severity: text({ enum: ERROR_SEVERITIES }).notNull(),
    message: text().notNull(),
    since: at('since').notNull().defaultNow(),
    /** Null while it stands. */
    endedAt: at('ended_at'),
    revision: integer().notNull().default(1),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.kind] })],
);
