import type { CsvRecord } from '#domain/imports/csv-record.ts';
import type { ImportedOutcome, RowMapper } from '#domain/imports/row-mapper.ts';
import type { App } from '../../app.ts';
import { systemContext } from '../../auth/authorize.ts';
import { findWorkspaceById } from '../../auth/workspace-access.ts';
import type { Context } from '../../context.ts';
import { AppError, notFound } from '../../errors.ts';
import { recordOutcomes } from '../outcomes/index.ts';
import type { ImportRow } from './import-row.ts';

const DAY_MS = 86_400_000;

/** What a batch came to. */
export interface BatchCounts {
  added: number;
  duplicates: number;
  /** Duplicates whose kept content is another. */
  differing: number;
}

export type BatchRecorder = (records: readonly CsvRecord[], mapper: RowMapper) => Promise<BatchCounts>;

/** Records batches of one import in the name of whoever started it. @throws AppError NOT_FOUND */
export async function createBatchRecorder(app: App, row: ImportRow): Promise<BatchRecorder> {
  const workspace = await findWorkspaceById(app.db, row.workspace_id);
  if (workspace === null) throw notFound('workspace');
  const ctx = systemContext(app, workspace, row.created_by);

  return async (records, mapper) => {
    const counts: BatchCounts = { added: 0, duplicates: 0, differing: 0 };
    const outcomes = records.map((record) => outcomeOf(record, mapper));
    // Facts from before raise no notification; the order of the rows stays.
    for (const { backfill, from, to } of stretches(outcomes, app.now() - DAY_MS)) {
      const part = outcomes.slice(from, to);
      const reply = await recordStretch(ctx, row, part, backfill, (index) => records[from + index]?.row);
      const again = reply.items.filter((item) => item.duplicate);
      const mine = again.length === 0 ? 0 : await recordedByThisImport(ctx, row, again);
      counts.added += reply.accepted + mine;
      counts.duplicates += reply.duplicates - mine;
      counts.differing += again.filter((item) => item.differs === true).length;
    }
    return counts;
  };
}

function outcomeOf(record: CsvRecord, mapper: RowMapper): ImportedOutcome {
  let reason = '';
  const outcome = mapper.map(record.row, record.fields, (problem) => (reason ||= problem.reason));
  // The same plan found this row good; a difference means that the file or the code is another.
  if (outcome === null) throw new Error(`Row ${record.row} was good when it was checked: ${reason}`);
  return outcome;
}

/** Stretches of outcomes that are all from before `backfillBeforeMs`, or none of them. Without a time: from before. */
function* stretches(outcomes: readonly ImportedOutcome[], backfillBeforeMs: number) {
  const isOld = (outcome: ImportedOutcome | undefined) =>
    outcome?.occurredAt === undefined || Date.parse(outcome.occurredAt) < backfillBeforeMs;
  let from = 0;
  for (let to = 1; to <= outcomes.length; to++) {
    const backfill = isOld(outcomes[from]);
    if (to < outcomes.length && isOld(outcomes[to]) === backfill) continue;
    yield { backfill, from, to };
    from = to;
  }
}

async function recordStretch(
  ctx: Context,
  row: ImportRow,
  outcomes: readonly ImportedOutcome[],
  backfill: boolean,
  rowOf: (index: number) => number | undefined,
) {
  try {
    return await recordOutcomes(ctx, outcomes, { source: 'import', backfill, note: row.file_name });
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const [issue] = thrown.issues;
    if (issue === undefined) throw thrown;
    const where = issue.index === undefined ? '' : `Row ${rowOf(issue.index) ?? '?'}, `;
    throw new AppError(thrown.code, `${where}${issue.path.replace(/^attributes\./u, '')}: ${issue.message}`, {
      cause: thrown,
    });
  }
}

/** After a crash a batch may be in the log and not yet in the counts: those are added rows, not duplicates. */
async function recordedByThisImport(
  ctx: Context,
  row: ImportRow,
  items: readonly { id: string }[],
): Promise<number> {
  const [found] = await ctx.app.db.sql<{ count: number }[]>`
    select count(*) as count from outcomes
    where id = any(${items.map((item) => item.id)}::uuid[]) and source = 'import' and recorded_at >= ${row.started_at}`;
  return found?.count ?? 0;
}
