import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { at, bytea } from './columns.ts';

/**
 * The memory of a workspace's fold as of `position`, so that a start need not read the log: a cache, written by the
 * leader. Its bytes are in `fold_snapshot_pages` and `fold_snapshot_columns`, their digests here.
 */
export const foldSnapshots = pgTable('fold_snapshots', {
  workspaceId: uuid('workspace_id').primaryKey(),
  term: bigint({ mode: 'number' }).notNull(),
  position: bigint({ mode: 'number' }).notNull(),
  /** Code and engine that folded it; others may give other bits. */
  foldVersion: integer('fold_version').notNull(),
  v8: text().notNull(),
  /** JSON as text: it is compared to the digit, and may hold what jsonb refuses. */
  layout: text().notNull(),
  space: text().notNull(),
  metrics: text().notNull(),
  leaders: text().notNull(),
  confirmations: text().notNull().default('[]'),
  lastRecordedAt: at('last_recorded_at'),
  settingsSeen: integer('settings_seen').notNull(),
  /** What the log ended with: another history of the database ends with something else. */
  logEnd: text('log_end').notNull().default('{}'),
  /** 16 bytes for each page and part, in order. */
  pageDigests: bytea('page_digests').notNull(),
  partDigests: bytea('part_digests').notNull(),
  /** Of everything above. */
  digest: bytea().notNull(),
  writtenAt: at('written_at').notNull().defaultNow(),
});

/** 64 KiB of the image. */
export const foldSnapshotPages = pgTable(
  'fold_snapshot_pages',
  {
    workspaceId: uuid('workspace_id').notNull(),
    page: integer().notNull(),
    bytes: bytea().notNull(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.page] })],
);

/** 4,096 rows of the encoded log. */
export const foldSnapshotColumns = pgTable(
  'fold_snapshot_columns',
  {
    workspaceId: uuid('workspace_id').notNull(),
    part: integer().notNull(),
    codes: bytea().notNull(),
    meta: bytea().notNull(),
    values: bytea(),
    retractedBy: bytea('retracted_by'),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.part] })],
);

/** Where a refold and the kept state are not the same. */
export interface FoldDifference {
  part: 'image' | 'columns' | 'space' | 'metrics' | 'snapshot';
  /** Section of the image, column, or key of the state. */
  section: string;
  /** Numbers, rows or bytes that differ. */
  count: number;
  /** Labels of some of the patterns concerned, or what else says where. */
  where: string[];
}

export const FOLD_CHECK_STATES = ['running', 'done', 'failed'] as const;

/** A refold of the log from its first entry, compared with the snapshot bit for bit. */
export const foldChecks = pgTable(
  'fold_checks',
  {
    id: uuid().primaryKey().defaultRandom(),
    workspaceId: uuid('workspace_id').notNull(),
    state: text({ enum: FOLD_CHECK_STATES }).notNull(),
    requestedBy: text('requested_by').notNull(),
    /** Of the snapshot, and how far the refold is. */
    position: bigint({ mode: 'number' }).notNull().default(0),
    checked: bigint({ mode: 'number' }).notNull().default(0),
    /** Successes, failures and neutral outcomes that stand at the position. */
    outcomes: bigint({ mode: 'number' }),
    /** Null while it runs and where it failed. */
    ok: boolean(),
    differences: jsonb().$type<FoldDifference[]>().notNull().default([]),
    error: text(),
    startedAt: at('started_at').notNull().defaultNow(),
    /** A check whose process died stops beating. */
    beatAt: at('beat_at').notNull().defaultNow(),
    finishedAt: at('finished_at'),
    durationMs: integer('duration_ms'),
  },
  (t) => [
    index('fold_checks_newest').on(t.workspaceId, t.startedAt.desc()),
    uniqueIndex('fold_checks_running')
      .on(t.workspaceId)
      .where(sql`${t.state} = 'running'`),
  ],
);
