import { pinInputSchema, type PatternChoice } from '#lib/contracts/pattern-insight.ts';
import { requirePermission, type Context } from '../../context.ts';
import { conflict, notFound } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import type { Choosable } from '../../recalculation/pattern-insight.ts';
import { recordSetting } from '../attributes/index.ts';
import { waitUntil } from '../../wait-until.ts';

type Choice = PatternChoice['choice'];

const isSo = (choice: Choice, { pinned, retired }: Choosable): boolean => {
  switch (choice) {
    case 'pin':
      return pinned;
    case 'unpin':
      return !pinned;
    case 'retire':
      return retired;
    case 'resume':
      return !retired;
  }
};

/**
 * Pins, unpins, retires or resumes a tracked pattern. The answer comes once that is in force, or after a second and a
 * half without; what is so already changes nothing.
 * @throws AppError FORBIDDEN, NOT_FOUND, UNAVAILABLE, or CONFLICT where only its pin keeps it retired
 */
export async function choosePattern(ctx: Context, id: string, choice: Choice): Promise<PatternChoice> {
  requirePermission(ctx, 'analyse');
  const { insight } = await ctx.app.folds.of(ctx.workspace.id);
  const pattern = insight.chosen(id);
  if (pattern === null) throw notFound('pattern');
  return choose(ctx, pattern, choice);
}

/**
 * Pins any conjunction of up to three conditions; without enough outcomes to be searched its evidence starts now.
 * @throws AppError FORBIDDEN, VALIDATION, UNAVAILABLE, or CONFLICT where it cannot be watched
 */
export async function pinConditions(ctx: Context, input: unknown): Promise<PatternChoice> {
  requirePermission(ctx, 'analyse');
  const { where } = parseInput(pinInputSchema, input);
  const { insight } = await ctx.app.folds.of(ctx.workspace.id);
  return choose(ctx, insight.pinnable(where), 'pin');
}

async function choose(ctx: Context, pattern: Choosable, choice: Choice): Promise<PatternChoice> {
  const { id, tracked, label, conditions } = pattern;
  if (isSo(choice, pattern)) return { id, label, conditions, choice, changed: false };
  if (choice === 'unpin' && pattern.retired && pattern.pinnedOnly) {
    throw conflict(
      `${label} has too few outcomes to be searched: only its pin keeps it retired. Resume it first.`,
    );
  }
  const decision = { kind: `pattern.${choice}` as const, payload: { conditions } };
  await recordSetting(ctx, decision, id, 'pattern');
  const now = await waitUntil(
    async () => (await ctx.app.folds.of(ctx.workspace.id)).insight.chosen(id),
    // Unpinned without support, it is not tracked any more.
    (found) => (found === null ? choice === 'unpin' : isSo(choice, found)),
  );
  return { id: now !== null || tracked ? id : null, label, conditions, choice, changed: true };
}
