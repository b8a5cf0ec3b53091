import type { FeedValues } from '#lib/contracts/feed.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
import { evaluate } from '#domain/patterns/evaluate.ts';

export type PatternUpdate = FeedValues['pattern.updated'];

/** The leading patterns in order, as plain data. */
export interface LeadingPatterns {
  asOf: number;
  items: readonly PatternView[];
}

/** A pattern whose own counts stayed, against the rest as it is now. */
function againstTotals(view: PatternView, totals: PatternUpdate['totals']): PatternView {
  const { rest, lift, pValueSingleLook, method } = evaluate({ n: view.n, successes: view.successes }, totals);
  return { ...view, rest, lift, pValueSingleLook, pValueMethod: method };
}

/**
 * Applies an update; one that is older than the state changes nothing. An update brings whole whoever changed and
 * whoever did not lead before; the others keep their own counts.
 */
export function takeUpdate(state: LeadingPatterns, update: PatternUpdate): LeadingPatterns {
  if (update.asOf < state.asOf) return state;
  const fresh = new Map(update.items.map((item) => [item.id, item]));
  const shown = new Map(state.items.map((item) => [item.id, item]));
  const items = update.leaders.flatMap((id) => {
    const changed = fresh.get(id);
    if (changed !== undefined) return changed;
    const known = shown.get(id);
    return known === undefined ? [] : againstTotals(known, update.totals);
  });
  return { asOf: update.asOf, items };
}
