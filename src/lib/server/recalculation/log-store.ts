import type { LogFacts } from '#lib/domain/outcomes/log-facts.ts';
import type { ModeDecision, SettingDecision, SettingEntry } from '#lib/domain/attributes/setting-entry.ts';
import type { NextSwap } from '#lib/domain/patterns/next-swap.ts';
import type { Database, Sql, Statement, TransactionSql } from '../db/client.ts';
import { appendEvents, type FeedEvent } from '../event-log/append-events.ts';
import { NO_END, type FoldMemory, type LogEnd } from './fold-memory.ts';
import { writePatterns, type PatternRow } from './pattern-rows.ts';

/** Log facts with what the server needs besides. */
export interface PlacedEntry extends LogFacts {
  /** `id` of the entry. */
  id: number;
  outcomeId: string;
}

export interface FoldProgress {
  term: number;
  placed: number;
  applied: number;
}

/** The write was refused: somebody else leads this workspace now. */
export class LostTermError extends Error {
  override readonly name = 'LostTermError';
}

interface EntryRow {
  entry_id: number;
  position: number;
  kind: 'add' | 'retract';
  outcome_id: string;
  retracts: number | null;
  retracts_position: number | null;
  result: LogFacts['result'];
  value: number | null;
  attributes: LogFacts['attributes'];
  local_day: number;
  recorded_at: Date;
}

function toEntries(rows: readonly EntryRow[]): PlacedEntry[] {
  const positionOf = new Map(rows.map((row) => [row.entry_id, row.position]));
  return rows.map((row) => ({
    id: row.entry_id,
    position: row.position,
    kind: row.kind,
    outcomeId: row.outcome_id,
    retracts: row.retracts === null ? null : (row.retracts_position ?? positionOf.get(row.retracts) ?? null),
    result: row.result,
    value: row.value,
    attributes: row.attributes,
    localDay: row.local_day,
    recordedAtMs: row.recorded_at.getTime(),
  }));
}

/** Makes sure that the row exists, and says how far the log is placed and applied. */
export async function readProgress(sql: Sql, workspaceId: string): Promise<FoldProgress> {
  await sql`insert into fold_state (workspace_id) values (${workspaceId}) on conflict do nothing`;
  const [row] = await sql<FoldProgress[]>`
    select term, placed, applied from fold_state where workspace_id = ${workspaceId}`;
  if (row === undefined) throw new Error('The state of the fold is missing.');
  return row;
}

/** Begins a new term. Call only while holding the lock of leadership. */
export async function takeTerm(sql: Sql, workspaceId: string, instance: string): Promise<FoldProgress> {
  await sql`insert into fold_state (workspace_id) values (${workspaceId}) on conflict do nothing`;
  const [row] = await sql<FoldProgress[]>`
    update fold_state set term = term + 1, leader = ${instance}
    where workspace_id = ${workspaceId} returning term, placed, applied`;
  if (row === undefined) throw new Error('The state of the fold is missing.');
  return row;
}

/** What of a memory says whether the log still has it. */
type Remembered = Pick<FoldMemory, 'end'> & { space: { position: number } };

/** In the words of SQL: whether the log has this end at the memory's position. */
function isInLog(
  sql: Sql | TransactionSql,
  workspaceId: string,
  { space: { position }, end: { entry, setting } }: Remembered,
): Statement {
  const hasEntry =
    entry === null
      ? sql`${position}::bigint = 0`
      : sql`exists (
          select 1 from log_entries
          where workspace_id = ${workspaceId} and position = ${position} and id = ${entry.id}
            and outcome_id = ${entry.outcomeId})`;
  if (setting === null) return hasEntry;
  return sql`${hasEntry} and exists (
    select 1 from setting_entries
    where workspace_id = ${workspaceId} and effective_after = ${setting.effectiveAfter}
      and ordinal = ${setting.ordinal} and recorded_at = ${setting.recordedAt}::timestamptz)`;
}

/** How far a log is applied, and what that says of a memory. */
export interface AppliedLog {
  applied: number;
  /** Whether the memory is of the history that the database is in. */
  isKept: boolean;
}

/**
 * How far a log is applied, and whether a memory is of the history that the database is in; one query by index. It is
 * not where commits were lost (a failover to a standby that was behind, a copy put back), even when as much was recorded
 * anew since.
 */
export async function readApplied(
  sql: Sql | TransactionSql,
  workspaceId: string,
  memory: Remembered,
): Promise<AppliedLog> {
  const [row] = await sql<AppliedLog[]>`
    select applied, applied >= ${memory.space.position} and ${isInLog(sql, workspaceId, memory)} as "isKept"
    from fold_state where workspace_id = ${workspaceId}`;
  return row ?? { applied: 0, isKept: false };
}

/** See `readApplied`. */
export async function isOfThisHistory(
  sql: Sql | TransactionSql,
  workspaceId: string,
  memory: Remembered,
): Promise<boolean> {
  return (await readApplied(sql, workspaceId, memory)).isKept;
}

/**
 * Gives the next positions to at most `limit` committed entries, in the order of their ids.
 * @throws LostTermError when another instance leads
 */
export async function placeEntries(
  sql: Sql,
  workspace: { id: string },
  progress: FoldProgress,
  limit: number,
): Promise<PlacedEntry[]> {
  const rows = await sql.begin(async (tx) => {
    const fence = await tx`
      select 1 from fold_state
      where workspace_id = ${workspace.id} and term = ${progress.term} and placed = ${progress.placed}
      for update`;
    if (fence.count === 0) throw new LostTermError('Another instance places the entries of this workspace.');
    const placed = await tx<EntryRow[]>`
      with waiting as materialized (
        select id, row_number() over (order by id) as place
        from (
          select id from log_entries
          where workspace_id = ${workspace.id} and position is null
          order by id limit ${limit}
        ) as first
      )
      update log_entries as e
      set position = ${progress.placed}::bigint + waiting.place,
          local_day = coalesce(
            (select r.local_day from log_entries as r where r.id = e.retracts),
            (e.occurred_at at time zone (select timezone from workspaces where id = ${workspace.id}))::date
              - date '1970-01-01')
      from waiting
      where e.id = waiting.id
      returning e.id as entry_id, e.position, e.kind, e.outcome_id, e.retracts,
        (select r.position from log_entries as r where r.id = e.retracts) as retracts_position,
        e.result, e.value, e.attributes, e.local_day, e.recorded_at`;
    if (placed.length > 0) {
      await tx`
        update fold_state set placed = placed + ${placed.length} where workspace_id = ${workspace.id}`;
    }
    return placed;
  });
  return toEntries([...rows].sort((a, b) => a.position - b.position));
}

/** Placed entries with `after < position <= through`, in order. */
export async function readEntries(
  sql: Sql,
  workspaceId: string,
  after: number,
  through: number,
): Promise<PlacedEntry[]> {
  const rows = await sql<EntryRow[]>`
    select e.id as entry_id, e.position, e.kind, e.outcome_id, e.retracts, r.position as retracts_position,
      e.result, e.value, e.attributes, e.local_day, e.recorded_at
    from log_entries as e left join log_entries as r on r.id = e.retracts
    where e.workspace_id = ${workspaceId} and e.position > ${after} and e.position <= ${through}
    order by e.position`;
  return toEntries(rows);
}

/** How many committed entries wait for a position, and since when the oldest does. */
export async function readWaiting(
  sql: Sql,
  workspaceId: string,
): Promise<{ count: number; oldest: number | null }> {
  const [row] = await sql<{ count: number; oldest: Date | null }[]>`
    select count(*) as count, min(recorded_at) as oldest from log_entries
    where workspace_id = ${workspaceId} and position is null`;
  return { count: row?.count ?? 0, oldest: row?.oldest?.getTime() ?? null };
}

interface SettingRow {
  effective_after: number;
  ordinal: number;
  kind: string;
  payload: unknown;
  recorded_by: string;
  recorded_at: string;
}

/** Name under which the fold itself records settings; every instance derives those by itself. */
export const FOLD_ITSELF = 'fold';
/** Name under which a leader records what only it has done, and everybody obeys. */
const LEADER = 'leader';

export interface StoredSetting {
  byFold: boolean;
  /** To the microsecond, as the database writes it. */
  recordedAt: string;
  entry: SettingEntry;
}

const toSetting = (row: SettingRow): StoredSetting => ({
  byFold: row.recorded_by === FOLD_ITSELF,
  recordedAt: row.recorded_at,
  // Written by verbs that parsed it with the schema of its kind.
  entry: {
    effectiveAfter: row.effective_after,
    ordinal: row.ordinal,
    kind: row.kind,
    payload: row.payload,
  } as SettingEntry,
});

/**
 * Placed settings after this ordinal, in its order, which is also that of their effect. Ordinals are given under the
 * lock of the fold's row, so none appears later below one that was read; ids follow neither commit nor placement.
 */
export async function readSettings(
  sql: Sql,
  workspaceId: string,
  afterOrdinal: number,
): Promise<StoredSetting[]> {
  const rows = await sql<SettingRow[]>`
    select effective_after, ordinal, kind, payload, recorded_by, recorded_at::text from setting_entries
    where workspace_id = ${workspaceId} and effective_after is not null and ordinal > ${afterOrdinal}
    order by ordinal`;
  return rows.map(toSetting);
}

/** Every mode that an attribute was given by a person or found in, in the order of effect. */
export async function readModes(
  sql: Sql,
  workspaceId: string,
): Promise<(ModeDecision & { effectiveAfter: number })[]> {
  const rows = await sql<{ effective_after: number; payload: ModeDecision['payload'] }[]>`
    select effective_after, payload from setting_entries
    where workspace_id = ${workspaceId} and kind = 'attribute.mode' and effective_after is not null
    order by effective_after, ordinal`;
  return rows.map(({ effective_after: effectiveAfter, payload }) => ({
    kind: 'attribute.mode',
    payload,
    effectiveAfter,
  }));
}

/**
 * Whether a memory at a position that has seen settings up to an ordinal was made with this one: what people and
 * leaders set has been given to it, what the fold decided itself by then it decided itself.
 */
export function isKnown({ byFold, entry }: StoredSetting, position: number, settingsSeen: number): boolean {
  return byFold ? entry.effectiveAfter <= position : entry.ordinal <= settingsSeen;
}

/** A setting that waits, with the place it takes when it is applied. */
export interface WaitingSetting extends StoredSetting {
  id: number;
}

/**
 * The settings that have no place yet, in the order in which they take it: after everything that is placed so far. They
 * take it only in the transaction that applies them, so that what they do to patterns is written exactly once, whoever
 * dies when. Only the leader may rely on the answer: nobody else gives ordinals.
 */
export async function readWaitingSettings(
  sql: Sql,
  workspaceId: string,
  progress: FoldProgress,
): Promise<WaitingSetting[]> {
  const rows = await sql<(Omit<SettingRow, 'effective_after' | 'ordinal'> & { id: number; last: number })[]>`
    select id, kind, payload, recorded_by, recorded_at::text,
      (select coalesce(max(ordinal), 0) from setting_entries where workspace_id = ${workspaceId}) as last
    from setting_entries where workspace_id = ${workspaceId} and effective_after is null
    order by id`;
  return rows.map(({ id, last, ...row }, i) => ({
    id,
    ...toSetting({ ...row, effective_after: progress.placed, ordinal: last + 1 + i }),
  }));
}

/**
 * Places a setting without applying it: one that changes the past, which only a refold can apply.
 * @throws LostTermError when another instance leads
 */
export async function placeSetting(
  sql: Sql,
  workspaceId: string,
  progress: FoldProgress,
  setting: WaitingSetting,
): Promise<void> {
  await sql.begin(async (tx) => {
    const fence = await tx`
      select 1 from fold_state
      where workspace_id = ${workspaceId} and term = ${progress.term} and placed = ${progress.placed}
      for update`;
    if (fence.count === 0) throw new LostTermError('Another instance places the settings of this workspace.');
    await writePlaces(tx, [setting]);
  });
}

async function writePlaces(tx: TransactionSql, settings: readonly WaitingSetting[]): Promise<void> {
  if (settings.length === 0) return;
  const placed = await tx`
    update setting_entries as s set effective_after = p.effective_after, ordinal = p.ordinal
    from unnest(
      ${settings.map(({ id }) => id)}::bigint[], ${settings.map(({ entry }) => entry.effectiveAfter)}::bigint[],
      ${settings.map(({ entry }) => entry.ordinal)}::bigint[]
    ) as p (id, effective_after, ordinal)
    where s.id = p.id and s.effective_after is null`;
  if (placed.count !== settings.length) throw new LostTermError('Another instance has placed a setting.');
}

/**
 * Records that what a swap takes out is to leave the evidence; placed like any setting.
 * @throws LostTermError when another instance leads
 */
export async function storeSwap(
  sql: Sql,
  workspaceId: string,
  term: number,
  { through, recount }: NextSwap,
): Promise<void> {
  const stored = await sql`
    insert into setting_entries (workspace_id, kind, payload, recorded_by)
    select ${workspaceId}::uuid, 'evidence.swap', ${sql.json({ through, recount })}, ${LEADER}
    where exists (
      select 1 from fold_state
      where workspace_id = ${workspaceId} and term = ${term} and applied >= ${through})`;
  if (stored.count === 0)
    throw new LostTermError('Another instance corrects the evidence of this workspace.');
}

/** Everything one applied batch leaves in the database. */
export interface Applied {
  workspaceId: string;
  progress: FoldProgress;
  position: number;
  /** Of the memory at the position. */
  end: LogEnd;
  /** Settings that take their place with it. */
  settings: readonly WaitingSetting[];
  decisions: readonly (SettingDecision & { effectiveAfter: number })[];
  patterns: readonly PatternRow[];
  events: readonly FeedEvent[];
  /** Writes what else belongs to the batch. */
  history?: ((tx: TransactionSql) => Promise<void>) | null;
}

/**
 * Commits an applied batch, in one transaction, if the term still holds, nothing was applied since and the log has
 * what was applied: T1.
 * @throws LostTermError when another instance leads, or the log does not have it
 */
export async function commitApplied(db: Database, applied: Applied): Promise<void> {
  const { workspaceId, position, settings, end } = applied;
  // What takes its place with this batch has none yet.
  const before = settings.length > 0 ? { ...end, setting: NO_END.setting } : end;
  await db.sql.begin(async (tx) => {
    const fence = await tx`
      update fold_state set applied = ${position}, applied_at = now()
      where workspace_id = ${workspaceId} and term = ${applied.progress.term}
        and applied = ${applied.progress.applied} and placed >= ${position}
        and ${isInLog(tx, workspaceId, { space: { position }, end: before })}`;
    if (fence.count === 0) throw new LostTermError('Another instance has applied entries of this workspace.');
    await writePlaces(tx, settings);
    await writeDecisions(tx, applied);
    await writePatterns(tx, workspaceId, position, applied.patterns);
    await applied.history?.(tx);
    await appendEvents(tx, workspaceId, applied.events);
  });
}

async function writeDecisions(tx: TransactionSql, { workspaceId, decisions }: Applied): Promise<void> {
  for (const decision of decisions) {
    await tx`
      insert into setting_entries (workspace_id, effective_after, ordinal, kind, payload, recorded_by)
      select ${workspaceId}, ${decision.effectiveAfter}, coalesce(max(ordinal), 0) + 1, ${decision.kind},
        ${tx.json(decision.payload as never)}, ${FOLD_ITSELF}
      from setting_entries where workspace_id = ${workspaceId}`;
  }
}
