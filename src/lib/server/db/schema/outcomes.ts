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
  smallint,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { ImportPlan } from '#domain/imports/import-plan.ts';
import { ENCODINGS } from '#domain/imports/text-encoding.ts';
import { SEPARATORS } from '#domain/imports/csv-record.ts';
import type { ColumnProfile } from '#domain/imports/profile-columns.ts';
import { at, bytea } from './columns.ts';
import { workspaces } from './identity.ts';

/** `uploading` rows belong to requests under way; abandoned ones are swept. */
export const IMPORT_STATES = [
  'uploading',
  'uploaded',
  'checking',
  'ready',
  'importing',
  'done',
  'failed',
  'cancelled',
] as const;
export const OUTCOME_SOURCES = ['form', 'api', 'import', 'simulator'] as const;

/**
 * An outcome as it stands now (its history is in `log_entries`). Never deleted: `deletedAt` hides it, and its
 * externalId stays taken. `id` is a UUIDv7, so newest first is `id desc`.
 */
export const outcomes = pgTable(
  'outcomes',
  {
    id: uuid().primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    externalId: text('external_id'),
    subject: text().notNull(),
    variant: text(),
    journeyId: uuid('journey_id'),
    result: text({ enum: ['success', 'failure', 'neutral'] }).notNull(),
    value: doublePrecision(),
    attributes: jsonb().$type<Record<string, string | number | boolean>>().notNull(),
    note: text(),
    occurredAt: at('occurred_at').notNull(),
    recordedAt: at('recorded_at').notNull().defaultNow(),
    recordedBy: text('recorded_by').notNull(),
    source: text({ enum: OUTCOME_SOURCES }).notNull(),
    revision: integer().notNull().default(1),
    /** `log_entries.id` of the entry that holds now; its position is looked up there. */
    entryId: bigint('entry_id', { mode: 'number' }).notNull(),
    backfill: boolean().notNull().default(false),
    deletedAt: at('deleted_at'),
  },
  (t) => [
    index('outcomes_newest').on(t.workspaceId, t.id.desc()),
    uniqueIndex('outcomes_external_unique')
      .on(t.workspaceId, t.externalId)
      .where(sql`${t.externalId} is not null`),
    index('outcomes_subject').on(t.workspaceId, t.subject, t.id.desc()),
    uniqueIndex('outcomes_entry').on(t.entryId),
  ],
);

/**
 * The log: what the fold reads, append-only. An `add` carries the facts; a `retract` carries the same facts as the
 * add it takes back. `position` is given after commit by the leader of the workspace, gap-free from 1; the only
 * column ever updated (with `localDay`, from null). Readers sort by `position`, the leader by `id`.
 */
export const logEntries = pgTable(
  'log_entries',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    workspaceId: uuid('workspace_id').notNull(),
    position: bigint({ mode: 'number' }),
    kind: text({ enum: ['add', 'retract'] }).notNull(),
    outcomeId: uuid('outcome_id').notNull(),
    /** For a retract: the `id` of the entry it takes back. */
    retracts: bigint({ mode: 'number' }),
    result: text({ enum: ['success', 'failure', 'neutral'] }).notNull(),
    value: doublePrecision(),
    attributes: jsonb().$type<Record<string, string | number | boolean>>().notNull(),
    occurredAt: at('occurred_at').notNull(),
    recordedAt: at('recorded_at').notNull().defaultNow(),
    /** Days since 1970-01-01 of `occurredAt` in the zone the workspace had when the entry was placed. */
    localDay: integer('local_day'),
  },
  (t) => [
    uniqueIndex('log_entries_position')
      .on(t.workspaceId, t.position)
      .where(sql`${t.position} is not null`),
    index('log_entries_waiting')
      .on(t.workspaceId, t.id)
      .where(sql`${t.position} is null`),
  ],
);

/**
 * Everything else the fold depends on (types, bins, choices): applied after `effectiveAfter`, in the order of
 * `ordinal`. Null until the leader has placed it.
 */
export const settingEntries = pgTable(
  'setting_entries',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    workspaceId: uuid('workspace_id').notNull(),
    effectiveAfter: bigint('effective_after', { mode: 'number' }),
    ordinal: integer(),
    kind: text().notNull(),
    payload: jsonb().$type<unknown>().notNull(),
    recordedAt: at('recorded_at').notNull().defaultNow(),
    recordedBy: text('recorded_by').notNull(),
  },
  (t) => [
    uniqueIndex('setting_entries_place').on(t.workspaceId, t.effectiveAfter, t.ordinal),
    index('setting_entries_waiting')
      .on(t.workspaceId, t.id)
      .where(sql`${t.effectiveAfter} is null`),
  ],
);

/** An attribute's name and type: fixed by the first outcome that carries it. Never deleted. */
export const attributes = pgTable(
  'attributes',
  {
    workspaceId: uuid('workspace_id').notNull(),
    key: text().notNull(),
    type: text({ enum: ['string', 'number', 'boolean'] }).notNull(),
    label: text(),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.workspaceId, t.key] })],
);

/** An answer kept for 24 h so that a repeated request with the same Idempotency-Key changes nothing. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    workspaceId: uuid('workspace_id').notNull(),
    /** API key id or user id. */
    owner: text().notNull(),
    key: text().notNull(),
    /** SHA-256 of method, path and body. */
    fingerprint: text().notNull(),
    state: text({ enum: ['running', 'done'] }).notNull(),
    status: smallint(),
    body: jsonb().$type<unknown>(),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.workspaceId, t.owner, t.key] }),
    index('idempotency_keys_age').on(t.createdAt),
  ],
);

/** One CSV import: the uploaded file in parts, how it is read, how far it is. */
export const imports = pgTable(
  'imports',
  {
    id: uuid().primaryKey().defaultRandom(),
    workspaceId: uuid('workspace_id').notNull(),
    createdBy: text('created_by').notNull(),
    fileName: text('file_name').notNull(),
    /** SHA-256 of the bytes: rows get external ids from it, so a second import of the file adds nothing. */
    digest: text().notNull(),
    bytes: bigint({ mode: 'number' }).notNull(),
    encoding: text({ enum: ENCODINGS }),
    separator: text({ enum: SEPARATORS }),
    /** Names of the columns, in the file's order. */
    columns: jsonb().$type<string[]>().notNull().default([]),
    /** SHA-256 of the names: the next file with the same columns is offered the same mapping. */
    headerDigest: text('header_digest'),
    /** What the first rows say about each column. */
    profile: jsonb().$type<ColumnProfile[]>().notNull().default([]),
    /** How the rows become outcomes; fixed when the check begins, so that going on after a crash reads them alike. */
    plan: jsonb().$type<ImportPlan>(),
    state: text({ enum: IMPORT_STATES }).notNull(),
    rows: integer(),
    done: integer().notNull().default(0),
    added: integer().notNull().default(0),
    duplicates: integer().notNull().default(0),
    differing: integer().notNull().default(0),
    skipped: integer().notNull().default(0),
    problems: jsonb().$type<{ row: number; column: string | null; reason: string }[]>().notNull().default([]),
    problemCount: integer('problem_count').notNull().default(0),
    error: text(),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
    startedAt: at('started_at'),
    finishedAt: at('finished_at'),
  },
  (t) => [
    index('imports_workspace').on(t.workspaceId, t.createdAt),
    index('imports_working')
      .on(t.createdAt)
      .where(sql`${t.state} in ('uploading', 'checking', 'importing')`),
  ],
);

/** The bytes of an uploaded file (unpacked), in order of `part`; removed a day after the import ended. */
export const importParts = pgTable(
  'import_parts',
  {
    importId: uuid('import_id')
      .notNull()
      .references(() => imports.id, { onDelete: 'cascade' }),
    part: integer().notNull(),
    data: bytea().notNull(),
  },
  (t) => [primaryKey({ columns: [t.importId, t.part] })],
);
