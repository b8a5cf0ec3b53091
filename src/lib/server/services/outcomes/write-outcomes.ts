import { insertAudit } from '../../audit/emit-audit.ts';
import type { Context } from '../../context.ts';
import type { Sql, TransactionSql } from '../../db/client.ts';
import { insertEvents } from '../../event-log/append-events.ts';
import { auditOf, eventsOf } from './announce.ts';
import { toOutcomeView, type OutcomeRow } from './outcome-row.ts';

/** A row as the statement below reads it; what is the same in all rows is sent once. */
const toJson = (row: OutcomeRow) => ({
  id: row.id,
  external_id: row.external_id,
  subject: row.subject,
  variant: row.variant,
  journey_id: row.journey_id,
  result: row.result,
  value: row.value,
  attributes: row.attributes,
  note: row.note,
  occurred_at: row.occurred_at,
  entry_id: row.entry_id,
});

/**
 * Writes outcomes that were recorded together with their log entries, audit rows and feed events: one statement, so
 * all of it or nothing, in one round trip, whether in a larger transaction or as one of its own. It fails as a whole
 * when another request took one of the externalIds (`isTaken`). Rows are taken in the order of externalId, so two
 * requests cannot wait for each other.
 *
 * The rows travel as one JSON text: as arrays for `unnest`, the driver's escaping and its garbage cost more than
 * the database's work (5,000 rows: 170 ms of CPU against 25 ms).
 */
export async function writeOutcomes(
  tx: TransactionSql | Sql,
  ctx: Context,
  rows: readonly OutcomeRow[],
  note: string | undefined,
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const workspaceId = ctx.workspace.id;
  const views = rows.map(toOutcomeView);
  await tx`
    with recorded as (
      insert into outcomes (id, workspace_id, external_id, subject, variant, journey_id, result, value, attributes,
        note, occurred_at, recorded_at, recorded_by, source, entry_id, backfill)
      select i.id, ${workspaceId}, i.external_id, i.subject, i.variant, i.journey_id, i.result, i.value, i.attributes,
        i.note, i.occurred_at, ${first.recorded_at}, ${first.recorded_by}, ${first.source}, i.entry_id,
        ${first.backfill}
      from json_to_recordset(${JSON.stringify(rows.map(toJson))}::json) as i (id uuid, external_id text, subject text,
        variant text, journey_id uuid, result text, value float8, attributes jsonb, note text,
        occurred_at timestamptz, entry_id bigint)
      order by i.external_id, i.entry_id
      returning id, entry_id, result, value, attributes, occurred_at, recorded_at
    ), audited as (
      ${insertAudit(tx, ctx, auditOf(views, note))}
    ), told as (
      ${insertEvents(tx, workspaceId, eventsOf(views))}
    )
    insert into log_entries (id, workspace_id, kind, outcome_id, result, value, attributes, occurred_at, recorded_at)
    select entry_id, ${workspaceId}, 'add', id, result, value, attributes, occurred_at, recorded_at
    from recorded order by entry_id`;
}

/** Whether `writeOutcomes` failed because a concurrent request, which has committed, took one of the externalIds. */
export const isTaken = (thrown: unknown): boolean =>
  thrown instanceof Error &&
  'constraint_name' in thrown &&
  thrown.constraint_name === 'outcomes_external_unique';

/** The database's time, cut to milliseconds, and `count` ids of log entries in increasing order. */
export async function reserveEntries(
  tx: TransactionSql | Sql,
  count: number,
): Promise<{ now: Date; entryIds: number[] }> {
  const [row] = await tx<{ now: Date; ids: number[] }[]>`
    select date_trunc('milliseconds', now()) as now,
      array(select nextval('log_entries_id_seq') from generate_series(1, ${count}::int)) as ids`;
  if (row === undefined) throw new Error('The database gave no time.');
  return { now: row.now, entryIds: row.ids };
}

/** How an export names an outcome that has no externalId of its own. */
const OWN_ID = /^telltale:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/**
 * Outcomes that have these externalIds already, deleted ones too; `telltale:<id>` also finds the outcome of that id,
 * so that an export read back into its own workspace adds nothing.
 */
export async function findByExternalId(
  tx: TransactionSql | Sql,
  workspaceId: string,
  externalIds: readonly string[],
): Promise<Map<string, OutcomeRow>> {
  if (externalIds.length === 0) return new Map();
  const rows = await tx<(OutcomeRow & { external_id: string })[]>`
    select o.*, null::bigint as position from outcomes as o
    where o.workspace_id = ${workspaceId} and o.external_id = any(${[...externalIds]}::text[])`;
  const known = new Map<string, OutcomeRow>(rows.map((row) => [row.external_id, row]));
  const ownIds = externalIds.flatMap((externalId) => OWN_ID.exec(externalId)?.[1] ?? []);
  if (ownIds.length === 0) return known;
  const own = await tx<OutcomeRow[]>`
    select o.*, null::bigint as position from outcomes as o
    where o.workspace_id = ${workspaceId} and o.external_id is null and o.id = any(${ownIds}::uuid[])`;
  for (const row of own) known.set(`telltale:${row.id}`, row);
  return known;
}
