import type { PatternView } from '#lib/contracts/pattern.ts';
import { fromFixedPoint } from '#lib/domain/outcomes/fixed-point.ts';
import { evaluate, type Evaluation } from '#lib/domain/patterns/evaluate.ts';
import type { ImageView } from '#lib/domain/patterns/fold-image.ts';
import {
  type ChangeAlarm,
  readEvidence,
  type PatternEvidence,
} from '#lib/domain/patterns/pattern-evidence.ts';
import { readTracked, type TrackedPattern } from '#lib/domain/patterns/tracked-patterns.ts';
import { byteAt } from '#lib/domain/read-typed-array.ts';
import { COMPARABLE_CONCURRENCY } from '#lib/domain/statistics/concurrency-index.ts';
import { rateConfidenceSequence } from '#lib/domain/statistics/rate-confidence-sequence.ts';
import { type Counts, whichMoved } from '#lib/domain/statistics/which-moved.ts';
import { PERIOD_CODES } from '#lib/domain/patterns/image-layout.ts';
import type { PatternNames } from './pattern-names.ts';
import type { PatternStandings } from './pattern-standings.ts';

/** JSON has no infinity: an open end is null. */
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** A tracked pattern as it is shown; null where the index is free. Cost: some 20 µs. */
export function viewOf(
  standings: PatternStandings,
  names: PatternNames,
  index: number,
  updatedAt: string | null,
): PatternView | null {
  const { view, totals, memory } = standings;
  const pattern = readTracked(view, index);
  if (pattern === null) return null;
  const { id, label, conditions } = names.of(memory.space, pattern);
  const evidence = readEvidence(view, index);
  const evaluation = evaluate(pattern, totals);
  const { oddsRatio, epoch, recent, changed } = evidence;
  // Every property by its name: spreading took as long as all the figures together.
  return {
    id,
    label,
    conditions,
    n: evaluation.n,
    successes: evaluation.successes,
    rate: evaluation.rate,
    wilson: evaluation.wilson,
    rateAnyLook: rateConfidenceSequence(evaluation.successes, evaluation.n),
    rest: evaluation.rest,
    lift: evaluation.lift,
    oddsRatio:
      oddsRatio === null
        ? null
        : { low: finite(oddsRatio.low), high: finite(oddsRatio.high), estimate: oddsRatio.estimate },
    pValue: evidence.pValue,
    pValueSingleLook: evaluation.pValueSingleLook,
    pValueMethod: evaluation.method,
    confidence: evidence.confidence,
    confidenceWorse: evidence.confidenceWorse,
    weightedConfidence: evidence.weightedConfidence,
    direction: evidence.direction,
    status: evidence.status,
    statusAt: evidence.statusAt,
    trend: evidence.trend,
    recent: { n: recent.n, successes: recent.successes },
    epoch: { n: epoch.n, successes: epoch.successes, startedAt: epoch.startedAt },
    confirmedAt: evidence.confirmedAt,
    changed: changed === null ? null : changedOf(changed, evaluation),
    recounting: evidence.recounting,
    recountedAt: evidence.recountedAt,
    pinned: evidence.pinned,
    pinnedOnly: evidence.pinnedOnly,
    period: evidence.period,
    concurrency: evidence.period ? null : evidence.concurrency,
    comparable: isComparable(view, pattern, evidence),
    explainedBy: explanationOf(standings, names, evidence),
    explains: standings.explains(index),
    values: valuesOf(evaluation, totals.values, evidence),
    since: pattern.position,
    updatedAt,
  };
}

/** A conjunction that is only counted. */
export function untrackedView(
  { evaluation, label, conditions }: Pick<PatternView, 'label' | 'conditions'> & { evaluation: Evaluation },
  totals: PatternStandings['totals'],
  updatedAt: string | null,
): PatternView {
  const { n, successes, rate, wilson, rest, lift, pValueSingleLook, method } = evaluation;
  return {
    id: null,
    label,
    conditions,
    n,
    successes,
    rate,
    wilson,
    rateAnyLook: rateConfidenceSequence(successes, n),
    rest,
    lift,
    pValueSingleLook,
    pValueMethod: method,
    ...WITHOUT_EVIDENCE,
    values: valuesOf(evaluation, totals.values, null),
    status: 'untracked',
    since: null,
    updatedAt,
  };
}

function changedOf({ at, side, before }: ChangeAlarm, now: Evaluation): PatternView['changed'] {
  if (before === null) return { at, side, before: null, moved: null };
  const { own, all } = before;
  const rest = { n: all.n - own.n, successes: all.successes - own.successes };
  const [ownSince, restSince] = [without(now, own), without(now.rest, rest)];
  // Until a correction is out of the evidence it may hold what the counts have given back.
  const hold = [own, rest, ownSince, restSince].every((one) => 0 <= one.successes && one.successes <= one.n);
  if (!hold) return { at, side, before: null, moved: null };
  const moved = whichMoved(side, { before: own, since: ownSince }, { before: rest, since: restSince });
  return { at, side, before: { ...own, rest }, moved };
}

const without = (whole: Counts, part: Counts): Counts => ({
  n: whole.n - part.n,
  successes: whole.successes - part.successes,
});

const WITHOUT_EVIDENCE = {
  oddsRatio: null,
  pValue: null,
  confidence: null,
  confidenceWorse: null,
  weightedConfidence: null,
  direction: null,
  statusAt: null,
  trend: null,
  recent: null,
  epoch: null,
  confirmedAt: null,
  changed: null,
  recounting: false,
  recountedAt: null,
  pinned: false,
  pinnedOnly: false,
  period: false,
  concurrency: null,
  comparable: null,
  explainedBy: null,
  explains: 0,
} as const;

/** Time-bound: as last asked by the fold, which has an answer only once there was evidence to ask about. */
function isComparable(
  view: ImageView,
  { slots, codes }: TrackedPattern,
  { period, concurrency }: PatternEvidence,
): boolean | null {
  if (!period) return concurrency === null ? null : concurrency >= COMPARABLE_CONCURRENCY;
  const places = slots.flatMap((slot, i) =>
    byteAt(view.slotPeriod, slot) !== 1 ? [] : [slot * PERIOD_CODES + (codes[i] ?? 0)],
  );
  if (places.some((place) => (view.periodAskAt[place] ?? 0) === 0)) return null;
  return places.every((place) => byteAt(view.periodAgrees, place) === 1);
}

function explanationOf(
  { view, memory }: PatternStandings,
  names: PatternNames,
  { explainedBy }: PatternEvidence,
): PatternView['explainedBy'] {
  const by = explainedBy === null ? null : readTracked(view, explainedBy.index);
  if (by === null || explainedBy === null) return null;
  const { id, label } = names.of(memory.space, by);
  return { id, label, reason: explainedBy.reason };
}

function valuesOf(
  { valueCount: n, mean }: Evaluation,
  totals: PatternStandings['totals']['values'],
  evidence: PatternEvidence | null,
): PatternView['values'] {
  if (n === 0) return null;
  const known = evidence?.values ?? null;
  const factor = known?.profitFactor ?? null;
  return {
    n,
    mean,
    ...restOf({ n, mean: mean ?? 0 }, totals),
    epoch: epochOf(evidence),
    interval: known?.interval ?? null,
    clip: known?.clip ?? null,
    confidence: known?.confidence ?? null,
    confidenceWorse: known?.confidenceWorse ?? null,
    rawMean: known?.rawMean == null ? null : { ...known.rawMean, approximate: true },
    profitFactor:
      factor === null
        ? null
        : {
            factor: factor.factor === null ? null : finite(factor.factor),
            interval: factor.interval,
            approximate: true,
          },
  };
}

/** The values of everybody else, as recorded. */
function restOf(
  own: { readonly n: number; readonly mean: number },
  totals: PatternStandings['totals']['values'],
): { restN: number; restMean: number | null } {
  const restN = (totals?.count ?? own.n) - own.n;
  if (totals === null || restN <= 0) return { restN: 0, restMean: null };
  return { restN, restMean: (fromFixedPoint(totals.sum) - own.n * own.mean) / restN };
}

function epochOf(evidence: PatternEvidence | null): NonNullable<PatternView['values']>['epoch'] {
  if (evidence === null || evidence.values === null) return null;
  const { n, wins, losses, mean, rest } = evidence.values;
  return { startedAt: evidence.epoch.startedAt, n, wins, losses, mean, rest };
}
