import { NATURAL_ORDER, type PatternQuery } from '#lib/contracts/pattern.ts';

/** What lists sort and filter tracked patterns by; everything else is computed for the page that is shown. */
export interface RankedPattern {
  index: number;
  id: string;
  label: string;
  conditions: readonly { attribute: string; value: string }[];
  depth: number;
  n: number;
  successes: number;
  rate: number;
  lift: number;
  /** Single-look z against the rest, signed. */
  z: number;
  bornAt: number;
}

export function matchesQuery(pattern: RankedPattern, query: PatternQuery): boolean {
  if (query.depth !== undefined && pattern.depth !== query.depth) return false;
  if (query.direction === 'better' && !(pattern.lift > 1)) return false;
  if (query.direction === 'worse' && !(pattern.lift < 1)) return false;
  // Every tracked pattern is collecting until evidence is gathered.
  if (query.status !== undefined && query.status !== 'collecting') return false;
  if (query.search === undefined || query.search === '') return true;
  const label = pattern.label.toLocaleLowerCase('en');
  return query.search
    .toLocaleLowerCase('en')
    .split(/\s+/)
    .every((word) => label.includes(word));
}

const KEY: Record<Exclude<PatternQuery['sort'], 'label'>, (pattern: RankedPattern) => number> = {
  // Until there is evidence, the distance from the rest orders what is shown first.
  leading: (pattern) => Math.abs(pattern.z),
  confidence: (pattern) => Math.abs(pattern.z),
  n: (pattern) => pattern.n,
  rate: (pattern) => pattern.rate,
  lift: (pattern) => pattern.lift,
  p: (pattern) => -Math.abs(pattern.z),
  position: (pattern) => pattern.bornAt,
};

/**
 * A total order: ties by id, so that a cursor is exact. "leading" puts `leaders` (indexes, in their order) before all
 * others, which are ordered by their distance from the rest.
 */
export function comparePatterns(
  query: PatternQuery,
  leaders: readonly number[],
): (a: RankedPattern, b: RankedPattern) => number {
  const sign = (query.order ?? NATURAL_ORDER[query.sort]) === 'asc' ? 1 : -1;
  const { sort } = query;
  const byId = (a: RankedPattern, b: RankedPattern) => (a.id < b.id ? -1 : 1);
  if (sort === 'label') return (a, b) => sign * a.label.localeCompare(b.label, 'en') || byId(a, b);
  const key = KEY[sort];
  const byKey = (a: RankedPattern, b: RankedPattern) => sign * (key(a) - key(b)) || byId(a, b);
  if (sort !== 'leading') return byKey;
  const place = new Map(leaders.map((index, i) => [index, i]));
  const placeOf = ({ index }: RankedPattern) => place.get(index) ?? leaders.length;
  return (a, b) => sign * (placeOf(b) - placeOf(a)) || byKey(a, b);
}
