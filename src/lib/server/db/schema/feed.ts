import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import { at } from './columns.ts';

/**
 * The outbox: every event of the product, written in the business transaction that caused it. `seq` is given after
 * commit by the single sequencer, gap-free over all workspaces. Partitioned by day (see the migration and
 * event-log/partitions.ts); dropped by whole partitions. Readers sort by `seq`, the sequencer by `wid`.
 */
export const feedOutbox = pgTable(
  'feed_outbox',
  {
    /** A plain sequence: identity columns on partitioned tables need PostgreSQL 17. */
    wid: bigserial({ mode: 'number' }).notNull(),
    seq: bigint({ mode: 'number' }),
    workspaceId: uuid('workspace_id').notNull(),
    topic: text().notNull(),
    type: text().notNull(),
    op: text({ enum: ['upsert', 'delete'] }).notNull(),
    key: text().notNull(),
    rev: doublePrecision().notNull(),
    /** Who may read it: `workspace`, `role:admin`, `user:<id>`. */
    scope: text().notNull().default('workspace'),
    payload: jsonb().$type<unknown>().notNull(),
    /** Of the payload as it was written, so that a replay is measured without reading it; null: not known. */
    bytes: integer(),
    createdAt: at('created_at').notNull().defaultNow(),
    sequencedAt: at('sequenced_at'),
  },
  (t) => [
    index('feed_outbox_waiting')
      .on(t.wid)
      .where(sql`${t.seq} is null`),
  ],
);

/** Head of the sequence; one row. `epoch` is random at creation and survives restarts. */
export const feedHead = pgTable('feed_head', {
  id: text().primaryKey(),
  epoch: text().notNull(),
  seq: bigint({ mode: 'number' }).notNull(),
  /** The highest position that was dropped with a day; up to it nothing is complete. */
  dropped: bigint({ mode: 'number' }).notNull().default(0),
});
