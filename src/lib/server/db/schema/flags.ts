import { sql } from 'drizzle-orm';
import { boolean, check, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

/**
 * Switches of the whole installation, changed without a restart. A switch without a row stands as it is built. Never
 * deleted; few rows, read by every instance every two seconds.
 */
export const flags = pgTable(
  'flags',
  {
    key: text().primaryKey(),
    on: boolean().notNull(),
    /** Of users and keys, while it is on. */
    percent: integer().notNull(),
    /** Why, in the words of who changed it. */
    note: text().notNull().default(''),
    updatedAt: at('updated_at').notNull().defaultNow(),
    /** Name of who changed it last; the audit log has the rest. */
    updatedBy: text('updated_by').notNull(),
  },
  (t) => [check('flags_percent', sql`${t.percent} between 0 and 100`)],
);

/**
 * The servers that run on this database, each with its figures as of its last beat. A server removes its own row when
 * it stops; the row of one that died is removed by the others after some minutes.
 */
export const instances = pgTable('instances', {
  name: text().primaryKey(),
  startedAt: at('started_at').notNull(),
  beatAt: at('beat_at').notNull().defaultNow(),
  stats: jsonb().$type<unknown>().notNull(),
});
