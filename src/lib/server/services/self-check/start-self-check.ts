import { randomInt } from 'node:crypto';
import { selfCheckInputSchema, type SelfCheckView } from '#lib/contracts/self-check.ts';
import { emitAudit } from '../../audit/emit-audit.ts';
import { requirePermission, type Context } from '../../context.ts';
import { withTransaction } from '../../db/with-transaction.ts';
import { conflict } from '../../errors.ts';
import { appendEvents } from '../../event-log/index.ts';
import { parseInput } from '../../parse-input.ts';
import { progressEvent, toSelfCheckView, type SelfCheckRow } from './self-check-row.ts';

/** A seed below this fits every place where it is written. */
const SEEDS = 2 ** 32;

/**
 * Checks the honesty of what is found here: the results are dealt to the outcomes by chance, over and over, and it is
 * counted how often anything is called confirmed. Runs in the background, one at a time in a workspace.
 * @throws AppError VALIDATION, FORBIDDEN, UNAVAILABLE, or CONFLICT (one runs already, nothing to shuffle)
 */
export async function startSelfCheck(ctx: Context, input: unknown = {}): Promise<SelfCheckView> {
  requirePermission(ctx, 'analyse');
  const { shuffles, seed = randomInt(SEEDS) } = parseInput(selfCheckInputSchema, input);
  const { insight } = await ctx.app.folds.of(ctx.workspace.id);
  if ((await insight.shuffledLog(1)) === null) throw conflict('There is no outcome to shuffle yet.');
  const view = await withTransaction(ctx.app.db.sql, async (tx) => {
    const [row] = await tx<SelfCheckRow[]>`
      insert into self_checks (workspace_id, state, created_by, seed, shuffles)
      values (${ctx.workspace.id}, 'running', ${ctx.actor.name}, ${seed}, ${shuffles})
      on conflict (workspace_id) where state = 'running' do nothing
      returning *`;
    if (row === undefined) throw conflict('A check runs already. Wait until it is done, or cancel it.');
    await emitAudit(tx, ctx, {
      action: 'self-check.started',
      targetType: 'self-check',
      targetId: row.id,
      metadata: { shuffles, seed },
    });
    await appendEvents(tx, ctx.workspace.id, [progressEvent(row)]);
    return toSelfCheckView(row);
  });
  ctx.app.doorbell.ringFeed();
  return view;
}

/**
 * Ends the check that runs; what it has found so far stays.
 * @throws AppError FORBIDDEN, or CONFLICT when none runs
 */
export async function cancelSelfCheck(ctx: Context): Promise<SelfCheckView> {
  requirePermission(ctx, 'analyse');
  const view = await withTransaction(ctx.app.db.sql, async (tx) => {
    const [row] = await tx<SelfCheckRow[]>`
      update self_checks set state = 'cancelled', finished_at = now(), updated_at = now()
      where workspace_id = ${ctx.workspace.id} and state = 'running' returning *`;
    if (row === undefined) throw conflict('No check runs here.');
    await emitAudit(tx, ctx, {
      action: 'self-check.cancelled',
      targetType: 'self-check',
      targetId: row.id,
      metadata: { done: row.done },
    });
    await appendEvents(tx, ctx.workspace.id, [progressEvent(row)]);
    return toSelfCheckView(row);
  });
  ctx.app.doorbell.ringFeed();
  return view;
}
