import { flagInputSchema, type FlagView } from '#lib/contracts/flags.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requireOperator, type Operator } from '../../auth/operators.ts';
import { withTransaction } from '../../db/with-transaction.ts';
import { parseInput } from '../../parse-input.ts';
import { readFlag } from './read-flag.ts';

/**
 * Turns a switch of the installation. It holds at once on this instance and within two seconds on the others. There
 * is no event of it in the feed, which is of workspaces: whom it concerns is told by their own stream or poll.
 * @returns how it stands now
 * @throws AppError FORBIDDEN or VALIDATION
 */
export async function setFlag(operator: Operator, input: unknown): Promise<FlagView> {
  await requireOperator(operator);
  const { app, actor, ip, requestId } = operator;
  const wanted = parseInput(flagInputSchema, input);
  const view = await withTransaction(app.db.sql, async (tx) => {
    const before = await readFlag({ db: { sql: tx } }, wanted.key, true);
    const changed = await tx`
      insert into flags (key, "on", percent, note, updated_by)
      values (${wanted.key}, ${wanted.on}, ${wanted.percent}, ${wanted.note}, ${actor.name})
      on conflict (key) do update set "on" = excluded."on", percent = excluded.percent, note = excluded.note,
        updated_at = now(), updated_by = excluded.updated_by
      where (flags."on", flags.percent, flags.note) is distinct from (excluded."on", excluded.percent, excluded.note)
      returning key`;
    if (changed.length === 0) return before;
    const { on, percent, note } = wanted;
    await emitAudit(
      tx,
      { workspace: null, actor, ip, requestId },
      {
        action: 'flag.changed',
        targetType: 'flag',
        targetId: wanted.key,
        metadata: { on, percent, note, before: { on: before.on, percent: before.percent } },
      },
    );
    return readFlag({ db: { sql: tx } }, wanted.key);
  });
  await app.flags.refresh();
  return view;
}
