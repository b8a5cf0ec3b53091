import { NATURAL_ORDER, type PatternQuery, type PatternView } from '#lib/contracts/pattern.ts';
import type { PatternName } from './pattern-names.ts';

/** What lists sort and filter tracked patterns by; everything else is computed for the page that is shown. */
export interface RankedPattern extends PatternName {
  index: number;
  depth: number;
  n: number;
  successes: number;
  rate: number;
  lift: number;
  /** Single-look z against the rest, signed. */
  z: number;
  bornAt: number;
  status: PatternView['status'];
  /** The side on which it stands; while it stands on none, where its rate is. */
  direction: 'better' | 'worse' | null;
  logEPlus: number;
  logEMinus: number;
  /** Largest two-sided log E of the epoch: the always-valid p is exp of its negative. */
  largestLogE: number;
  pinned: boolean;
  /** Under which it is folded, the nearest first. */
  under: readonly number[];
}

/** For `explainedBy`: those that nothing explains. */
export const UNEXPLAINED = 'none';

export interface PatternFilter {
  query: PatternQuery;
  /** Index of the pattern that `query.explainedBy` names; null: nobody has this id. */
  explainedBy: number | null;
  /** What `query.where` asks for, as patterns have it. */
  conditions: readonly { attribute: string; value: string }[];
}

export function matchesQuery(
  pattern: RankedPattern,
  { query, explainedBy, conditions }: PatternFilter,
): boolean {
  if (query.depth !== undefined && pattern.depth !== query.depth) return false;
  if (query.direction !== undefined && pattern.direction !== query.direction) return false;
  if (query.status !== undefined && pattern.status !== query.status) return false;
  if (query.pinned !== undefined && pattern.pinned !== (query.pinned === 'true')) return false;
  if (query.explainedBy === UNEXPLAINED) {
    if (pattern.under.length > 0) return false;
  } else if (
    query.explainedBy !== undefined &&
    (explainedBy === null || !pattern.under.includes(explainedBy))
  ) {
    return false;
  }
  const has = ({ attribute, value }: { attribute: string; value: string }) =>
    pattern.conditions.some((own) => own.attribute === attribute && String(own.value) === value);
  if (!conditions.every(has)) return false;
  if (query.search === undefined || query.search === '') return true;
  return query.search
    .toLocaleLowerCase('en')
    .split(/\s+/)
    .every((word) => pattern.searchText.includes(word));
}

/** `direction`: of which side the evidence counts. */
export type PatternOrder = Pick<PatternQuery, 'sort' | 'order' | 'direction'>;

type Key = (pattern: RankedPattern) => number;

const KEY: Record<Exclude<PatternQuery['sort'], 'label' | 'confidence'>, Key> = {
  leading: ({ logEPlus, logEMinus }) => Math.max(logEPlus, logEMinus),
  n: (pattern) => pattern.n,
  rate: (pattern) => pattern.rate,
  lift: (pattern) => pattern.lift,
  p: (pattern) => -pattern.largestLogE,
  position: (pattern) => pattern.bornAt,
};

/** Confidence saturates; the logarithm that it comes from does not. */
const confidenceKey = (query: Pick<PatternQuery, 'direction'>): Key =>
  query.direction === 'worse' ? ({ logEMinus }) => logEMinus : ({ logEPlus }) => logEPlus;

/**
 * A total order: ties by id, so that a cursor is exact. "leading" puts `first` (indexes, in their order) before all
 * others, which are ordered by their evidence.
 */
export function comparePatterns(
  query: PatternOrder,
  first: readonly number[],
): (a: RankedPattern, b: RankedPattern) => number {
  const { sort } = query;
  const sign = (query.order ?? NATURAL_ORDER[sort]) === 'asc' ? 1 : -1;
  const byId = (a: RankedPattern, b: RankedPattern) => (a.id < b.id ? -1 : 1);
  if (sort === 'label') return (a, b) => sign * a.label.localeCompare(b.label, 'en') || byId(a, b);
  const key = sort === 'confidence' ? confidenceKey(query) : KEY[sort];
  const byKey = (a: RankedPattern, b: RankedPattern) => {
    const [left, right] = [key(a), key(b)];
    return left === right ? byId(a, b) : sign * (left < right ? -1 : 1);
  };
  if (sort !== 'leading') return byKey;
  const place = new Map(first.map((index, i) => [index, i]));
  const placeOf = ({ index }: RankedPattern) => place.get(index) ?? first.length;
  return (a, b) => sign * (placeOf(b) - placeOf(a)) || byKey(a, b);
}
