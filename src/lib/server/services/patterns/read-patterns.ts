import type { PatternLookup } from '#lib/contracts/fold.ts';
import type { PatternWhy } from '#lib/contracts/pattern-insight.ts';
import { patternQuerySchema, type PatternList } from '#lib/contracts/pattern.ts';
import { requirePermission, type Context } from '../../context.ts';
import { AppError, invalid, notFound } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';

const MAX_CONDITIONS = 3;

/** Tracked patterns as of the last applied position. @throws AppError VALIDATION, FORBIDDEN, UNAVAILABLE */
export async function listPatterns(ctx: Context, input: unknown): Promise<PatternList> {
  requirePermission(ctx, 'read');
  const query = parseInput(patternQuerySchema, input);
  return (await ctx.app.folds.of(ctx.workspace.id)).listPatterns(query);
}

/**
 * What the answers about patterns are made from now, to tell whether one is still current. Ask before the answer: one
 * that is newer than its version is fetched again, one that is older would be kept.
 * @throws AppError FORBIDDEN, UNAVAILABLE
 */
export async function patternsVersion(ctx: Context): Promise<string> {
  requirePermission(ctx, 'read');
  return (await ctx.app.folds.of(ctx.workspace.id)).version;
}

/**
 * One pattern as of the last applied position; of one that has left its place the counts, as retired.
 * @throws AppError FORBIDDEN, UNAVAILABLE, or NOT_FOUND, with the reason where its conditions are not counted any more
 */
export async function getPattern(ctx: Context, id: string): Promise<PatternLookup> {
  requirePermission(ctx, 'read');
  const knowledge = await ctx.app.folds.of(ctx.workspace.id);
  const item = knowledge.getPattern(id);
  return item === null ? getFormer(ctx, id) : { asOf: knowledge.asOf, item };
}

async function getFormer(ctx: Context, id: string): Promise<PatternLookup> {
  const [row] = await ctx.app.db.sql<
    { conditions: { attribute: string; value: string }[]; label: string; statusAt: number }[]
  >`
    select conditions, label, status_at as "statusAt" from patterns
    where workspace_id = ${ctx.workspace.id} and id = ${id}`;
  if (row === undefined) throw notFound('pattern');
  const knowledge = await ctx.app.folds.of(ctx.workspace.id);
  try {
    // By what it is called: another pattern's figures are no answer for it.
    const { asOf, item } = knowledge.lookupNamed(row.conditions);
    return {
      asOf,
      item: item.id === null ? { ...item, id, status: 'retired', statusAt: row.statusAt } : item,
    };
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'VALIDATION') throw thrown;
    const reasons = thrown.issues.map(({ message }) => message).join(' ');
    throw new AppError('NOT_FOUND', `${row.label} is not counted any more. ${reasons}`);
  }
}

/** Patterns that stand and share most outcomes with this one. @throws AppError FORBIDDEN, UNAVAILABLE */
export async function similarPatterns(ctx: Context, id: string): Promise<PatternWhy['similar']> {
  requirePermission(ctx, 'read');
  return (await ctx.app.folds.of(ctx.workspace.id)).insight.similar(id);
}

/**
 * The figures of any conjunction, tracked or not. `where` is written `attribute:value`, one to three times.
 * @throws AppError VALIDATION, FORBIDDEN, UNAVAILABLE
 */
export async function lookupPattern(ctx: Context, where: readonly string[]): Promise<PatternLookup> {
  requirePermission(ctx, 'read');
  if (where.length === 0 || where.length > MAX_CONDITIONS) {
    throw invalid(
      [
        {
          path: 'where',
          message: 'Send where one to three times, such as ?where=contact:cellular&where=poutcome:success.',
        },
      ],
      'This cannot be looked up.',
    );
  }
  return (await ctx.app.folds.of(ctx.workspace.id)).lookupWhere(where);
}
