import type { ImportPlan } from '#domain/imports/import-plan.ts';
import type { ImportMapping } from '#domain/imports/mapping.ts';
import { mappingProblems } from '#domain/imports/mapping-problems.ts';
import type { ImportView } from '#lib/contracts/feed.ts';
import { requirePermission, type Context } from '../../context.ts';
import { conflict, invalid } from '../../errors.ts';
import { changeImport } from './change-import.ts';
import { newerThanBefore, readProfile, type ImportRow } from './import-row.ts';
import { knownTypes } from './known-types.ts';

const DAY_MS = 86_400_000;
const CHANGEABLE: ReadonlySet<ImportRow['state']> = new Set(['uploaded', 'ready', 'failed', 'cancelled']);

/**
 * Fixes how the file is read and has every row checked in the background. When all are good, the import goes on by
 * itself; otherwise it waits for `startImport` with the bad rows listed.
 * @throws AppError VALIDATION (a mapping that cannot work), CONFLICT (under way or done), FORBIDDEN, NOT_FOUND
 */
export async function checkImport(ctx: Context, id: string, mapping: ImportMapping): Promise<ImportView> {
  requirePermission(ctx, 'record');
  return changeImport(ctx, id, 'import.checked', async (tx, row) => {
    if (!CHANGEABLE.has(row.state))
      throw conflict('This import is under way or done; its columns cannot be changed any more.');
    await requireParts(ctx, row);
    const problems = mappingProblems(
      mapping,
      await readProfile(ctx.app.db.sql, id),
      await knownTypes(tx, ctx.workspace.id),
    );
    if (problems.length > 0) throw invalid(problems, 'Nothing was imported: some choices need attention.');
    const plan: ImportPlan = {
      mapping,
      timezone: ctx.workspace.timezone,
      latestMs: ctx.now() + DAY_MS,
      // Recorded with the import; from the file, so that the same file is always in the same order.
      seed: row.digest.slice(0, 16),
      skipBad: false,
    };
    await tx`
      update imports set state = 'checking', plan = ${tx.json(plan as never)}, rows = null, done = 0, added = 0,
        duplicates = 0, differing = 0, skipped = 0, problems = '[]', problem_count = 0, error = null,
        started_at = null, finished_at = null, updated_at = ${newerThanBefore(tx)}
      where id = ${id}`;
    return { seed: plan.seed };
  });
}

async function requireParts(ctx: Context, row: ImportRow): Promise<void> {
  const [part] = await ctx.app.db.sql`select 1 from import_parts where import_id = ${row.id} limit 1`;
  if (part === undefined) throw conflict('The file of this import has been removed by now. Choose it again.');
}
