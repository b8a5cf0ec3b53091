import type { TransactionSql } from '../../db/client.ts';
import type { OutcomeRow } from './outcome-row.ts';

const iso = (date: Date): string => date.toISOString();

/**
 * Inserts outcomes and their log entries in one statement. Rows whose externalId is taken are left out, also when a
 * concurrent transaction took it; taken in the order of externalId, so two requests cannot wait for each other.
 * @returns the ids that were written
 */
export async function writeOutcomes(
  tx: TransactionSql,
  workspaceId: string,
  rows: readonly OutcomeRow[],
): Promise<ReadonlySet<string>> {
  if (rows.length === 0) return new Set();
  const column = <T>(of: (row: OutcomeRow) => T): T[] => rows.map(of);
  const written = await tx<{ id: string }[]>`
    with kept as (
      insert into outcomes (id, workspace_id, external_id, subject, variant, journey_id, result, value, attributes,
        note, occurred_at, recorded_at, recorded_by, source, entry_id, backfill)
      select i.id, ${workspaceId}, i.external_id, i.subject, i.variant, i.journey_id, i.result, i.value,
        i.attributes::jsonb, i.note, i.occurred_at, i.recorded_at, i.recorded_by, i.source, i.entry_id,
        i.backfill::boolean
      from unnest(
        ${column((r) => r.id)}::uuid[], ${column((r) => r.external_id)}::text[],
        ${column((r) => r.subject)}::text[], ${column((r) => r.variant)}::text[],
        ${column((r) => r.journey_id)}::uuid[], ${column((r) => r.result)}::text[],
        ${column((r) => r.value)}::float8[], ${column((r) => JSON.stringify(r.attributes))}::text[],
        ${column((r) => r.note)}::text[], ${column((r) => iso(r.occurred_at))}::timestamptz[],
        ${column((r) => iso(r.recorded_at))}::timestamptz[], ${column((r) => r.recorded_by)}::text[],
        ${column((r) => r.source)}::text[], ${column((r) => r.entry_id)}::bigint[],
        ${column((r) => String(r.backfill))}::text[]
      ) as i (id, external_id, subject, variant, journey_id, result, value, attributes, note, occurred_at,
        recorded_at, recorded_by, source, entry_id, backfill)
      order by i.external_id, i.entry_id
      on conflict (workspace_id, external_id) where external_id is not null do nothing
      returning id, entry_id, result, value, attributes, occurred_at, recorded_at
    ), logged as (
      insert into log_entries (id, workspace_id, kind, outcome_id, result, value, attributes, occurred_at, recorded_at)
      select entry_id, ${workspaceId}, 'add', id, result, value, attributes, occurred_at, recorded_at
      from kept order by entry_id
    )
    select id from kept`;
  return new Set(written.map((row) => row.id));
}

/** The database's time, cut to milliseconds, and `count` ids of log entries in increasing order. */
export async function reserveEntries(tx: TransactionSql, count: number): Promise<{ now: Date; entryIds: number[] }> {
  const [row] = await tx<{ now: Date; ids: number[] }[]>`
    select date_trunc('milliseconds', now()) as now,
      array(select nextval('log_entries_id_seq') from generate_series(1, ${count}::int)) as ids`;
  if (row === undefined) throw new Error('The database gave no time.');
  return { now: row.now, entryIds: row.ids };
}

/** Outcomes that have these externalIds already, deleted ones too. */
export async function findByExternalId(
  tx: TransactionSql,
  workspaceId: string,
  externalIds: readonly string[],
): Promise<Map<string, OutcomeRow>> {
  if (externalIds.length === 0) return new Map();
  const rows = await tx<(OutcomeRow & { external_id: string })[]>`
    select o.*, null::bigint as position from outcomes as o
    where o.workspace_id = ${workspaceId} and o.external_id = any(${[...externalIds]}::text[])`;
  return new Map(rows.map((row) => [row.external_id, row]));
}
