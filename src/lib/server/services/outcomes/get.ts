import type { OutcomeDetail, OutcomeHistoryEntry } from '#lib/contracts/outcome.ts';
import { requirePermission, type Context } from '../../context.ts';
import type { ChangeType } from './change-outcome.ts';
import type { ChangeRecord } from './changes.ts';
import { findOutcome } from './find-outcome.ts';
import { toOutcomeView, type OutcomeRow } from './outcome-row.ts';

interface ChangeRow {
  action: ChangeType;
  at: Date;
  actor_label: string;
  metadata: ChangeRecord;
}

const ACTIONS: Record<ChangeType, OutcomeHistoryEntry['action']> = {
  'outcome.corrected': 'corrected',
  'outcome.deleted': 'deleted',
  'outcome.restored': 'restored',
};

async function positionsOf(
  ctx: Context,
  entryIds: readonly number[],
): Promise<ReadonlyMap<number, number | null>> {
  const rows = await ctx.app.db.sql<{ id: number; position: number | null }[]>`
    select id, position from log_entries where id = any(${[...entryIds]}::bigint[])`;
  return new Map(rows.map((row) => [row.id, row.position]));
}

async function historyOf(ctx: Context, row: OutcomeRow): Promise<OutcomeHistoryEntry[]> {
  const changes = await ctx.app.db.sql<ChangeRow[]>`
    select action, at, actor_label, metadata from audit_log
    where workspace_id = ${ctx.workspace.id} and target_id = ${row.id} and target_type = 'outcome'
      and action <> 'outcome.recorded'
    order by id`;
  // The first add is the one that the first change took back, or still the current one.
  const firstEntry =
    changes.find(({ metadata }) => metadata.retracts !== null)?.metadata.retracts ?? row.entry_id;
  const entryIds = changes.flatMap(({ metadata }) =>
    [metadata.retractEntry ?? [], metadata.addEntry ?? []].flat(),
  );
  const positions = await positionsOf(ctx, [firstEntry, ...entryIds]);
  const positionOf = (entryId: number | null) => (entryId === null ? null : (positions.get(entryId) ?? null));
  return [
    {
      action: 'recorded',
      at: row.recorded_at.toISOString(),
      by: row.recorded_by,
      revision: 1,
      retractPosition: null,
      addPosition: positionOf(firstEntry),
      changes: [],
    },
    ...changes.map(({ action, at, actor_label, metadata }) => ({
      action: ACTIONS[action],
      at: at.toISOString(),
      by: actor_label,
      revision: metadata.revision,
      retractPosition: positionOf(metadata.retractEntry),
      addPosition: positionOf(metadata.addEntry),
      changes: metadata.changes,
    })),
  ];
}

/** An outcome, deleted or not, with what happened to it. @throws AppError NOT_FOUND, FORBIDDEN */
export async function getOutcome(ctx: Context, id: string): Promise<OutcomeDetail> {
  requirePermission(ctx, 'read');
  const row = await findOutcome(ctx.app.db.sql, ctx.workspace.id, id);
  return { ...toOutcomeView(row), history: await historyOf(ctx, row) };
}
