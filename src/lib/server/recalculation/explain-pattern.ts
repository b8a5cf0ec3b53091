import type { NotCompared, PatternWhy } from '#lib/contracts/pattern-insight.ts';
import { byteAt, float64At, int32At } from '#lib/domain/read-typed-array.ts';
import { conjunctionOf } from '#lib/domain/patterns/conjunction.ts';
import { rateFigures, type RateFigures } from '#lib/domain/patterns/evaluate.ts';
import { PAIR, pairSubject } from '#lib/domain/patterns/evidence-subject.ts';
import { statusOf, REASONS } from '#lib/domain/patterns/flags.ts';
import { HEADER, type ImageView } from '#lib/domain/patterns/fold-image.ts';
import { countOf } from '#lib/domain/patterns/lookup.ts';
import { jaccard, RecentMatches } from '#lib/domain/patterns/overlapping-leaders.ts';
import { readEvidence } from '#lib/domain/patterns/pattern-evidence.ts';
import {
  activePatterns,
  byStrength,
  RESTATEMENT_SHARE,
  sideOf,
} from '#lib/domain/patterns/prune-patterns.ts';
import { recentResults } from '#lib/domain/patterns/recent-results.ts';
import { readTracked, type TrackedPattern } from '#lib/domain/patterns/tracked-patterns.ts';
import { confidence } from '#lib/domain/statistics/confidence.ts';
import { budgetGiven, DEPTH_SHARES } from '#lib/domain/statistics/error-budget.ts';
import { exactEvidence } from '#lib/domain/statistics/exact-evidence.ts';
import { FALSE_DISCOVERY_RATE } from '#lib/domain/statistics/online-e-bh.ts';
import type { PatternAnswers } from './pattern-answers.ts';
import type { PatternStandings } from './pattern-standings.ts';

/** Most patterns that are named as folded under one. */
const MOST_EXPLAINED = 100;
/** Similar patterns are the nearest so many with at least this Jaccard index. */
const MOST_SIMILAR = 10;
const LEAST_SIMILAR = 0.1;

const BUDGETS = [HEADER.budgetSingles, HEADER.budgetPairs, HEADER.budgetTriples] as const;

/** What can be said of a pattern from the memory at once. Cost: some 5 ms. */
export type Explanation = Pick<
  PatternWhy,
  'conditions' | 'side' | 'recentResults' | 'parents' | 'explains' | 'similar' | 'budget'
>;

export function explainPattern(
  standings: PatternStandings,
  names: PatternAnswers['names'],
  pattern: TrackedPattern,
): Explanation {
  const { view } = standings;
  const { index } = pattern;
  const active = new Map(activePatterns(view, true).map((one) => [one.index, one]));
  const own = active.get(index);
  const verdict = { by: int32At(view.explainedBy, index) - 1, reason: REASONS[byteAt(view.reason, index)] };
  const { n } = relatedTo(standings, names, pattern);
  function notCompared(parent: { index: number | null; n: number }): NotCompared {
    const other = parent.index === null ? undefined : active.get(parent.index);
    if (own?.stands !== true || other === undefined) return 'not-standing';
    if (other.side !== own.side) return 'other-side';
    if (n >= RESTATEMENT_SHARE * parent.n) return 'closed';
    if (verdict.by < 0) return 'not-yet';
    return verdict.reason === 'not-compared' ? 'no-place' : 'explained';
  }
  const parents = subsetsOf(pattern).map((subset) => {
    const { trackedIndex, ...related } = relatedTo(standings, names, subset);
    const within = trackedIndex === null ? null : withinParent(view, index, trackedIndex);
    return {
      ...related,
      confidence: within?.confidence ?? null,
      through: within?.through ?? null,
      notCompared: within === null ? notCompared({ index: trackedIndex, n: related.n }) : null,
    };
  });
  return {
    conditions: pattern.slots.map((slot, i) => {
      const own = relatedTo(standings, names, { slots: [slot], codes: [pattern.codes[i] ?? 0] });
      const [condition = { attribute: '', value: '' }] = own.conditions;
      return { ...condition, ...countsOf(own), id: own.id };
    }),
    side: sideOf(view, index) === 1 ? 'better' : 'worse',
    recentResults: recentResults(view, index),
    parents,
    explains: explainedBy(standings, names, index),
    similar: similarTo(standings, names, index),
    budget: budgetOf(view, pattern),
  };
}

/** Patterns that stand and share outcomes with this one, the most similar first. */
export function similarTo(
  standings: PatternStandings,
  names: PatternAnswers['names'],
  index: number,
): PatternWhy['similar'] {
  const { view, memory } = standings;
  const end = memory.space.position;
  const matches = new RecentMatches(memory.columns);
  const own = matches.of(view, index, end);
  return activePatterns(view)
    .filter((other) => other.index !== index)
    .map((other) => ({ index: other.index, jaccard: jaccard(own, matches.of(view, other.index, end)) }))
    .filter((other) => other.jaccard >= LEAST_SIMILAR)
    .sort((a, b) => b.jaccard - a.jaccard)
    .slice(0, MOST_SIMILAR)
    .flatMap(({ index: other, jaccard: share }) => {
      const found = readTracked(view, other);
      if (found === null) return [];
      const { trackedIndex: _index, ...related } = relatedTo(standings, names, found);
      const direction = sideOf(view, other) === 1 ? 'better' : 'worse';
      return [{ ...related, status: statusOf(byteAt(view.flags, other)), direction, jaccard: share }];
    });
}

interface SomeItems {
  readonly slots: readonly number[];
  readonly codes: readonly number[];
}

function countsOf({ n, successes, rate, wilson }: RateFigures) {
  return { n, successes, rate, wilson };
}

function relatedTo({ memory, view }: PatternStandings, names: PatternAnswers['names'], items: SomeItems) {
  const { counts, trackedIndex } = countOf(memory.image, memory.columns, items.slots, items.codes);
  const tracked = trackedIndex === null ? null : readTracked(view, trackedIndex);
  const { label, conditions } = conjunctionOf(memory.space, items.slots, items.codes);
  return {
    trackedIndex,
    id: tracked === null ? null : names.of(memory.space, tracked).id,
    label,
    conditions: conditions.map(({ attribute, value }) => ({ attribute, value })),
    ...rateFigures(counts.n, counts.successes),
  };
}

/** Every conjunction with some of the conditions, the simpler ones first. */
function subsetsOf({ slots, codes }: SomeItems): SomeItems[] {
  const found: SomeItems[] = [];
  for (let mask = 1; mask < (1 << slots.length) - 1; mask += 1) {
    const keeps = (_: unknown, i: number) => (mask & (1 << i)) !== 0;
    found.push({ slots: slots.filter(keeps), codes: codes.filter(keeps) });
  }
  return found.sort((a, b) => a.slots.length - b.slots.length);
}

/**
 * Confidence of the child's side among the outcomes of the parent, and the position through which pruning has asked;
 * null where it never compared the two.
 */
function withinParent(
  view: ImageView,
  child: number,
  parent: number,
): { confidence: number; through: number } | null {
  for (let pair = 0; pair < view.pairKind.length; pair += 1) {
    if (byteAt(view.pairKind, pair) !== PAIR.childWithinParent) continue;
    if (int32At(view.pairChild, pair) !== child || int32At(view.pairParent, pair) !== parent) continue;
    const { logEPlus, logEMinus } = exactEvidence(view.pairEvidence, pair, pairSubject(view, pair).period);
    return {
      confidence: confidence(sideOf(view, child) === 1 ? logEPlus : logEMinus),
      through: float64At(view.pairThrough, pair),
    };
  }
  return null;
}

function explainedBy(
  standings: PatternStandings,
  names: PatternAnswers['names'],
  index: number,
): PatternWhy['explains'] {
  const { view } = standings;
  return activePatterns(view)
    .filter((other) => standings.above(other.index).includes(index))
    .sort(byStrength)
    .slice(0, MOST_EXPLAINED)
    .flatMap((other) => {
      const found = readTracked(view, other.index);
      const reason = REASONS[byteAt(view.reason, other.index)] ?? null;
      if (found === null || reason === null) return [];
      const { trackedIndex: _index, ...related } = relatedTo(standings, names, found);
      return [{ ...related, reason }];
    });
}

function budgetOf(view: ImageView, { index, slots }: TrackedPattern): PatternWhy['budget'] {
  const { budget, logENeeded, logEPlus, logEMinus } = readEvidence(view, index);
  return {
    gamma: budget,
    falseDiscoveryRate: FALSE_DISCOVERY_RATE,
    logENeeded,
    logE: sideOf(view, index) === 1 ? logEPlus : logEMinus,
    searched: sharesGiven(view, slots.length),
    rejections: float64At(view.header, HEADER.rejections),
    spent: DEPTH_SHARES.reduce((sum, _, i) => sum + budgetGiven(i + 1, sharesGiven(view, i + 1)), 0),
  };
}

/** Shares of the error budget given among patterns with so many conditions. */
export function sharesGiven(view: ImageView, depth: number): number {
  return float64At(view.header, BUDGETS[depth - 1] ?? HEADER.budgetSingles);
}
