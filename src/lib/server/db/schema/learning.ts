import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
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
 * a second; lists come from the fold's memory. Never deleted: an evicted pattern keeps its row, retired.
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
    bornAt: bigint('born_at', { mode: 'number' }).notNull(),
    status: text().notNull(),
    /** Position since which it has this status. */
    statusAt: bigint('status_at', { mode: 'number' }).notNull().default(0),
    direction: text({ enum: ['better', 'worse'] }),
    confidence: doublePrecision()
      .notNull()
      .default(1 / 6),
    logEPlus: doublePrecision('log_e_plus').notNull().default(0),
    logEMinus: doublePrecision('log_e_minus').notNull().default(0),
    /** Position after which its evidence begins. */
    epochAt: bigint('epoch_at', { mode: 'number' }).notNull().default(0),
    confirmedAt: bigint('confirmed_at', { mode: 'number' }),
    changedAt: bigint('changed_at', { mode: 'number' }),
    pinned: boolean().notNull().default(false),
    /** Id of the pattern under which it is folded. */
    explainedBy: text('explained_by'),
    explainedReason: text('explained_reason'),
    position: bigint({ mode: 'number' }).notNull(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.id] }), index('patterns_support').on(t.workspaceId, t.n)],
);

/**
 * What a pattern was, at most one row for each pattern and applied batch (FINE-PRINT 13), written by the leader in the
 * transaction that applies it: the history of confidence, and the log of updates. Append-only.
 */
export const patternHistory = pgTable(
  'pattern_history',
  {
    workspaceId: uuid('workspace_id').notNull(),
    patternId: text('pattern_id').notNull(),
    /** Of the batch's last entry. */
    position: bigint({ mode: 'number' }).notNull(),
    at: at('at').notNull().defaultNow(),
    n: integer().notNull(),
    successes: integer().notNull(),
    confidence: doublePrecision().notNull(),
    confidenceWorse: doublePrecision('confidence_worse').notNull(),
    /** Of the row before; null for the first. */
    confidenceBefore: doublePrecision('confidence_before'),
    /** Of the stronger side. */
    logE: doublePrecision('log_e').notNull(),
    status: text().notNull(),
    /** What happened to it: kind, side, position. */
    events: jsonb().$type<{ kind: string; side: 'better' | 'worse'; position: number }[]>(),
    /** Position of the last entry of the batch that counts in it. */
    triggerPosition: bigint('trigger_position', { mode: 'number' }),
    /** What the batch took to fold. */
    processingMs: doublePrecision('processing_ms').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.workspaceId, t.patternId, t.position] }),
    index('pattern_history_events')
      .on(t.workspaceId, t.position)
      .where(sql`${t.events} is not null`),
  ],
);

export const SELF_CHECK_STATES = ['running', 'done', 'cancelled', 'interrupted', 'failed'] as const;

/** How often anything was confirmed after the results of a workspace had been dealt to its outcomes by chance. */
export const selfChecks = pgTable(
  'self_checks',
  {
    id: uuid().primaryKey().defaultRandom(),
    workspaceId: uuid('workspace_id').notNull(),
    state: text({ enum: SELF_CHECK_STATES }).notNull(),
    createdBy: text('created_by').notNull(),
    /** Instance that works at it; null: nobody yet. */
    instance: text(),
    seed: bigint({ mode: 'number' }).notNull(),
    shuffles: integer().notNull(),
    done: integer().notNull().default(0),
    /** Shuffles in which anything was confirmed. */
    confirmedIn: integer('confirmed_in').notNull().default(0),
    /** Sum over shuffles of the patterns that ever emerged. */
    emerged: integer().notNull().default(0),
    /** What was shuffled: the last outcomes up to a position. */
    outcomes: integer().notNull().default(0),
    position: bigint({ mode: 'number' }).notNull().default(0),
    durationMs: doublePrecision('duration_ms').notNull().default(0),
    error: text(),
    createdAt: at('created_at').notNull().defaultNow(),
    /** A running one that is not touched for a while belongs to an instance that died. */
    updatedAt: at('updated_at').notNull().defaultNow(),
    finishedAt: at('finished_at'),
  },
  (t) => [
    index('self_checks_workspace').on(t.workspaceId, t.createdAt),
    uniqueIndex('self_checks_running')
      .on(t.workspaceId)
      .where(sql`${t.state} = 'running'`),
  ],
);
