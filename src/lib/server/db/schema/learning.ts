import { bigint, index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

/**
 * How far the log of a workspace is placed and applied, and whose turn it is to write. A write is accepted only
 * `WHERE term = mine AND applied = what I saw` (FINE-PRINT 6), so a leader that lost its lock cannot harm.
 */
export const foldState = pgTable('fold_state', {
  workspaceId: uuid('workspace_id').primaryKey(),
  term: bigint({ mode: 'number' }).notNull().default(0),
  /** Name of the instance that took the term. */
  leader: text(),
  placed: bigint({ mode: 'number' }).notNull().default(0),
  applied: bigint({ mode: 'number' }).notNull().default(0),
  appliedAt: at('applied_at'),
});

/**
 * A tracked pattern's own facts as of `position` (everything else is derived from the totals). Written at most once
 * a second; lists come from the fold's memory. Never deleted: an evicted pattern keeps its row.
 */
export const patterns = pgTable(
  'patterns',
  {
    workspaceId: uuid('workspace_id').notNull(),
    id: text().notNull(),
    conditions: jsonb().$type<{ attribute: string; value: string | number | boolean }[]>().notNull(),
    label: text().notNull(),
    depth: integer().notNull(),
    n: integer().notNull(),
    successes: integer().notNull(),
    status: text().notNull(),
    bornAt: bigint('born_at', { mode: 'number' }).notNull(),
    position: bigint({ mode: 'number' }).notNull(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.id] }), index('patterns_support').on(t.workspaceId, t.n)],
);
