import type { FeedValues } from '#lib/contracts/feed.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
import { evaluate } from '#domain/patterns/evaluate.ts';

export type PatternUpdate = FeedValues['pattern.updated'];

/** The leading patterns with what is remembered of them, as plain data. */
export interface LeadingPatterns {
  asOf: number;
  /** In order. */
  items: readonly PatternView[];
  /** Every pattern seen by id, also those that do not lead now and may again. */
  known: ReadonlyMap<string, PatternView>;
  /** When a pattern's own figures last changed live, by id. */
  moved: ReadonlyMap<string, number>;
}

export function leadingOf(asOf: number, items: readonly PatternView[]): LeadingPatterns {
  const known = new Map(items.flatMap((item) => (item.id === null ? [] : [[item.id, item] as const])));
  return { asOf, items, known, moved: new Map() };
}

export const hasMoved = (before: PatternView | undefined, after: PatternView): boolean =>
  before === undefined ||
  before.n !== after.n ||
  before.successes !== after.successes ||
  before.status !== after.status;

/** A pattern whose own counts stayed, against the rest as it is now. */
export function againstTotals(view: PatternView, totals: PatternUpdate['totals']): PatternView {
  const { rest, lift, pValueSingleLook, method } = evaluate({ n: view.n, successes: view.successes }, totals);
  return { ...view, rest, lift, pValueSingleLook, pValueMethod: method };
}

/** Applies an update; one that is older than the state changes nothing. `now` in milliseconds since 1970. */
export function takeUpdate(state: LeadingPatterns, update: PatternUpdate, now: number): LeadingPatterns {
  if (update.asOf < state.asOf) return state;
  const known = new Map(state.known);
  const moved = new Map(state.moved);
  const fresh = new Set<string>();
  for (const item of update.items) {
    if (item.id === null) continue;
    if (hasMoved(known.get(item.id), item)) moved.set(item.id, now);
    known.set(item.id, item);
    fresh.add(item.id);
  }
  const items = update.leaders.flatMap((id) => {
    const view = known.get(id);
    if (view === undefined) return [];
    return fresh.has(id) ? view : againstTotals(view, update.totals);
  });
  return { asOf: update.asOf, items, known, moved };
}
