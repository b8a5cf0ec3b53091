import { byteAt, float64At, int32At } from '#lib/domain/read-typed-array.ts';
import type { Departure } from '#lib/domain/patterns/departure.ts';
import { CONFIRMED, EMERGING, FLAG, REASONS, statusOf } from '#lib/domain/patterns/flags.ts';
import { exactOf, sideOf } from '#lib/domain/patterns/standing-side.ts';
import { readTracked } from '#lib/domain/patterns/tracked-patterns.ts';
import { confidence } from '#lib/domain/statistics/confidence.ts';
import type { Sql, TransactionSql } from '../db/client.ts';
import type { PatternName, PatternNames } from './pattern-names.ts';
import type { PatternStandings } from './pattern-standings.ts';

/** A tracked pattern's own facts (FINE-PRINT 11); what follows from the totals is not kept. */
export interface PatternRow {
  id: string;
  label: string;
  conditions: { attribute: string; value: string }[];
  n: number;
  successes: number;
  bornAt: number;
  status: string;
  statusAt: number;
  direction: 'better' | 'worse' | null;
  confidence: number;
  logEPlus: number;
  logEMinus: number;
  epochAt: number;
  confirmedAt: number | null;
  changedAt: number | null;
  pinned: boolean;
  explainedBy: string | null;
  explainedReason: string | null;
}

/** Rows of these tracked patterns; free indexes have none. */
export function patternRowsOf(
  { view, memory }: PatternStandings,
  names: PatternNames,
  indexes: Iterable<number>,
): PatternRow[] {
  const rows: PatternRow[] = [];
  for (const index of indexes) {
    const pattern = readTracked(view, index);
    if (pattern === null) continue;
    const { id, label, conditions } = names.of(memory.space, pattern);
    const flags = byteAt(view.flags, index);
    const stands = (flags & (EMERGING | CONFIRMED)) !== 0;
    const by = int32At(view.explainedBy, index);
    const simpler = by === 0 ? null : readTracked(view, by - 1);
    const { logEPlus, logEMinus } = exactOf(view, index);
    rows.push({
      id,
      label,
      conditions,
      n: pattern.n,
      successes: pattern.successes,
      bornAt: pattern.position,
      status: statusOf(flags),
      statusAt: float64At(view.statusAt, index),
      direction: stands ? (sideOf(view, index) === 1 ? 'better' : 'worse') : null,
      confidence: confidence(logEPlus),
      logEPlus,
      logEMinus,
      epochAt: float64At(view.epochAt, index),
      confirmedAt: float64At(view.confirmedAt, index) || null,
      changedAt: float64At(view.changedAt, index) || null,
      pinned: (flags & FLAG.pinned) !== 0,
      explainedBy: simpler === null ? null : names.of(memory.space, simpler).id,
      explainedReason: simpler === null ? null : (REASONS[byteAt(view.reason, index)] ?? null),
    });
  }
  return rows;
}

/** The last row of a pattern that has left its place: retired (FINE-PRINT 21). */
export function formerRowOf(left: Departure, { id, label, conditions }: PatternName): PatternRow {
  return {
    id,
    label,
    conditions,
    n: left.n,
    successes: left.successes,
    bornAt: left.bornAt,
    status: 'retired',
    statusAt: left.position,
    direction: null,
    confidence: confidence(left.logEPlus),
    logEPlus: left.logEPlus,
    logEMinus: left.logEMinus,
    epochAt: left.epochAt,
    confirmedAt: left.confirmedAt || null,
    changedAt: left.changedAt || null,
    pinned: false,
    explainedBy: null,
    explainedReason: null,
  };
}

/** Writes rows as of `position`. */
export async function writePatterns(
  tx: TransactionSql,
  workspaceId: string,
  position: number,
  rows: readonly PatternRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const column = <T>(of: (row: PatternRow) => T): T[] => rows.map(of);
  await tx`
    insert into patterns (workspace_id, id, conditions, label, depth, n, successes, born_at, status, status_at,
      direction, confidence, log_e_plus, log_e_minus, epoch_at, confirmed_at, changed_at, pinned, explained_by,
      explained_reason, position)
    select ${workspaceId}, p.id, p.conditions::jsonb, p.label, p.depth, p.n, p.successes, p.born_at, p.status,
      p.status_at, p.direction, p.confidence, p.log_e_plus, p.log_e_minus, p.epoch_at, p.confirmed_at,
      p.changed_at, p.pinned = 1, p.explained_by, p.explained_reason, ${position}
    from unnest(
      ${column((r) => r.id)}::text[], ${column((r) => JSON.stringify(r.conditions))}::text[],
      ${column((r) => r.label)}::text[], ${column((r) => r.conditions.length)}::int[],
      ${column((r) => r.n)}::int[], ${column((r) => r.successes)}::int[], ${column((r) => r.bornAt)}::bigint[],
      ${column((r) => r.status)}::text[], ${column((r) => r.statusAt)}::bigint[],
      ${column((r) => r.direction)}::text[], ${column((r) => r.confidence)}::float8[],
      ${column((r) => r.logEPlus)}::float8[], ${column((r) => r.logEMinus)}::float8[],
      ${column((r) => r.epochAt)}::bigint[], ${column((r) => r.confirmedAt)}::bigint[],
      ${column((r) => r.changedAt)}::bigint[], ${column((r) => (r.pinned ? 1 : 0))}::int[],
      ${column((r) => r.explainedBy)}::text[], ${column((r) => r.explainedReason)}::text[]
    ) as p (id, conditions, label, depth, n, successes, born_at, status, status_at, direction, confidence,
      log_e_plus, log_e_minus, epoch_at, confirmed_at, changed_at, pinned, explained_by, explained_reason)
    on conflict (workspace_id, id) do update
    set n = excluded.n, successes = excluded.successes, born_at = excluded.born_at, status = excluded.status,
        status_at = excluded.status_at, direction = excluded.direction, confidence = excluded.confidence,
        log_e_plus = excluded.log_e_plus, log_e_minus = excluded.log_e_minus, epoch_at = excluded.epoch_at,
        confirmed_at = excluded.confirmed_at, changed_at = excluded.changed_at, pinned = excluded.pinned,
        explained_by = excluded.explained_by, explained_reason = excluded.explained_reason,
        position = excluded.position, updated_at = now()`;
}

/** Retires the rows of patterns that are tracked no more as of `position`, as after a log was read anew. */
export async function retireOthers(
  sql: Sql,
  workspaceId: string,
  { term, position, tracked }: { term: number; position: number; tracked: readonly string[] },
): Promise<void> {
  await sql`
    update patterns
    set status = 'retired', status_at = ${position}, direction = null, pinned = false, explained_by = null,
        explained_reason = null, updated_at = now()
    where workspace_id = ${workspaceId} and id not in (select unnest(${tracked}::text[]))
      and (status <> 'retired' or pinned)
      and exists (select 1 from fold_state where workspace_id = ${workspaceId} and term = ${term})`;
}
