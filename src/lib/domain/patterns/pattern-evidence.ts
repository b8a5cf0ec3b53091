import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { fromFixedPoint } from '../outcomes/fixed-point.ts';
import { anytimePValue } from '../statistics/anytime-p-value.ts';
import { asymptoticMeanSequence } from '../statistics/asymptotic-mean-sequence.ts';
import { concurrencyIndex } from '../statistics/concurrency-index.ts';
import { confidence, weightedConfidence } from '../statistics/confidence.ts';
import { bernsteinInterval, bernsteinMean, BERNSTEIN_SIZE } from '../statistics/empirical-bernstein.ts';
import { bettingEvidence, BETTING_SIZE } from '../statistics/block-betting.ts';
import { GRID_SIZE } from '../statistics/evidence-grid.ts';
import type { Interval } from '../statistics/interval.ts';
import { oddsRatioEstimate } from '../statistics/odds-ratio-estimate.ts';
import { oddsRatioSequence } from '../statistics/odds-ratio-sequence.ts';
import { FALSE_DISCOVERY_RATE, familyWeight } from '../statistics/online-e-bh.ts';
import { profitFactor } from '../statistics/profit-factor.ts';
import { trend, type Trend } from '../statistics/trend.ts';
import type { Counts } from '../statistics/which-moved.ts';
import { clipOf } from './clip-of.ts';
import { CONFIRMED, EMERGING, FLAG, REASONS, type Reason, type Status, statusOf } from './flags.ts';
import { CELL_STRIDE, HEADER, type ImageView } from './fold-image.ts';
import { budgetOf } from './judge-pattern.ts';
import { recentOf } from './recent-results.ts';
import { exactOf, sideOf } from './standing-side.ts';
import { ADMISSIONS } from './track.ts';
import type { ValueEvidence } from './value-evidence.ts';

/** What the evidence says of a tracked pattern, as of the image's position. */
export interface PatternEvidence {
  readonly status: Status;
  /** The side on which it emerges or is confirmed; null while it does neither. */
  readonly direction: 'better' | 'worse' | null;
  /** C of E⁺: better than the rest of the same time. */
  readonly confidence: number;
  /** C of E⁻: worse. */
  readonly confidenceWorse: number;
  readonly logEPlus: number;
  readonly logEMinus: number;
  /** After paying for the family, for the side that stands out: .8 is where it would be confirmed. */
  readonly weightedConfidence: number;
  /** Always-valid: min(1, 1/max E²) of the epoch. */
  readonly pValue: number;
  /** Always-valid interval of the odds ratio; ends may be 0 or Infinity; null in period mode. */
  readonly oddsRatio: (Interval & { readonly estimate: number | null }) | null;
  /** How much of it could be compared with outcomes of the same time, about 0 to 1; null where a side is empty. */
  readonly concurrency: number | null;
  /** Compared by period, because an attribute is bound to time. */
  readonly period: boolean;
  readonly trend: Trend;
  /** The last outcomes, at most 50. */
  readonly recent: { readonly n: number; readonly successes: number };
  /** What the evidence rests on: since the last change alarm, or since the pinning, else everything. */
  readonly epoch: { readonly n: number; readonly successes: number; readonly startedAt: number };
  readonly pinned: boolean;
  /** Has no support; it is here only because somebody watches it. */
  readonly pinnedOnly: boolean;
  /** It matches an outcome that was taken back and is not yet out of its evidence. */
  readonly recounting: boolean;
  readonly confirmedAt: number | null;
  readonly changed: ChangeAlarm | null;
  readonly statusAt: number;
  readonly recountedAt: number | null;
  readonly explainedBy: { readonly index: number; readonly reason: Reason } | null;
  /** γ, its share of the error budget, and the log E⁺ at which it would be confirmed alone today. */
  readonly budget: number;
  readonly logENeeded: number;
  readonly values: PatternValues | null;
}

/** The last one of a pattern. */
export interface ChangeAlarm {
  readonly at: number;
  readonly side: 'up' | 'down';
  /** What of the pattern and of everybody was counted up to it; null where it is not where the evidence begins, or it
   * holds what was taken back. */
  readonly before: { readonly own: Counts; readonly all: Counts } | null;
}

/** Values of a pattern since its epoch began (STATISTICS §7), in their own unit. */
export interface PatternValues {
  readonly n: number;
  /** Values above 0, and below. */
  readonly wins: number;
  readonly losses: number;
  /** Mean of values between the clip's ends; null without values. */
  readonly mean: number | null;
  /** The same of everybody else since the epoch began; null where nobody else has a value. */
  readonly rest: { readonly n: number; readonly mean: number } | null;
  /** Exact anytime interval of that mean; null without values, and where the mean has drifted out of it. */
  readonly interval: Interval | null;
  readonly clip: Interval;
  /** Mean of the values as they are, with its approximate anytime interval; null below 30 values. */
  readonly rawMean: { readonly mean: number; readonly interval: Interval } | null;
  /** Evidence that the values are better, and worse, than those of the rest of the same time. */
  readonly confidence: number;
  readonly confidenceWorse: number;
  /** Infinity without losses, null without gains and losses; its interval is approximate. */
  readonly profitFactor: { readonly factor: number | null; readonly interval: Interval | null };
}

/** Reads a tracked pattern's evidence. The index must be taken. Cost: some 5 µs. */
export function readEvidence(view: ImageView, index: number): PatternEvidence {
  const { evidence, header } = view;
  const flags = byteAt(view.flags, index);
  const { logEPlus, logEMinus } = exactOf(view, index);
  const stands = (flags & (EMERGING | CONFIRMED)) !== 0;
  const side = sideOf(view, index);
  const budget = budgetOf(view, index);
  const rejections = float64At(header, HEADER.rejections);
  const period = (flags & FLAG.period) !== 0;
  const n = int32At(evidence.n, index);
  const recent = recentOf(view, index);
  const explainedBy = int32At(view.explainedBy, index);
  const reason = REASONS[byteAt(view.reason, index)] ?? null;
  return {
    status: statusOf(flags),
    direction: stands ? (side === 1 ? 'better' : 'worse') : null,
    confidence: confidence(logEPlus),
    confidenceWorse: confidence(logEMinus),
    logEPlus,
    logEMinus,
    weightedConfidence: weightedConfidence(
      side === 1 ? logEPlus : logEMinus,
      familyWeight(budget / 2, rejections),
    ),
    pValue: anytimePValue(float64At(evidence.maxLogETwoSided, index)),
    oddsRatio: period
      ? null
      : {
          ...oddsRatioSequence(evidence.gridLogs, index * GRID_SIZE),
          estimate: oddsRatioEstimate(evidence.gridLogs, index * GRID_SIZE),
        },
    concurrency: concurrencyIndex(
      float64At(evidence.blockSum, index),
      n,
      float64At(header, HEADER.evidenceN) - int32At(evidence.startN, index),
    ),
    period,
    trend: trendOf(view, index, recent),
    recent,
    epoch: { n, successes: int32At(evidence.successes, index), startedAt: float64At(view.epochAt, index) },
    pinned: (flags & FLAG.pinned) !== 0,
    pinnedOnly: ADMISSIONS[byteAt(view.admittedBy, index)] === 'pin',
    recounting: float64At(view.frozenAt, index) !== 0,
    confirmedAt: float64At(view.confirmedAt, index) || null,
    changed: changeOf(view, index),
    statusAt: float64At(view.statusAt, index),
    recountedAt: float64At(view.recountedAt, index) || null,
    explainedBy: explainedBy === 0 || reason === null ? null : { index: explainedBy - 1, reason },
    budget,
    logENeeded: Math.max(Math.log(20), -Math.log(FALSE_DISCOVERY_RATE * (budget / 2) * (rejections + 1))),
    values: valuesOf(view, index),
  };
}

function changeOf(view: ImageView, index: number): ChangeAlarm | null {
  const { evidence, cells, header } = view;
  const at = float64At(view.changedAt, index);
  if (at === 0) return null;
  const side = byteAt(view.changeSide, index) === 1 ? 'up' : 'down';
  // What was taken back, of this pattern or of the rest, has left the counts already, and the evidence not before a swap.
  const isSwapped = float64At(header, HEADER.lastRetract) <= float64At(header, HEADER.retractsThrough);
  const begins = float64At(view.epochAt, index) === at && isSwapped;
  if (!begins) return { at, side, before: null };
  const cell = int32At(view.cell, index) * CELL_STRIDE;
  const own = {
    n: int32At(cells, cell) - int32At(evidence.n, index),
    successes: int32At(cells, cell + 1) - int32At(evidence.successes, index),
  };
  const all = { n: int32At(evidence.startN, index), successes: int32At(evidence.startSuccesses, index) };
  return { at, side, before: { own, all } };
}

/** The last 50 against everything before. */
function trendOf(
  view: ImageView,
  index: number,
  recent: { readonly n: number; readonly successes: number },
): Trend {
  const at = int32At(view.cell, index) * CELL_STRIDE;
  const n = int32At(view.cells, at) - recent.n;
  const successes = int32At(view.cells, at + 1) - recent.successes;
  // Until a correction is out of the evidence the last results may hold what the counts have given back.
  if (n < 0 || successes < 0 || successes > n) return 'collecting';
  return trend({ recent, earlier: { n, successes } });
}

function valuesOf(view: ImageView, index: number): PatternValues | null {
  const { valueEvidence: values } = view;
  const clip = clipOf(view);
  if (values === null || clip === null) return null;
  const low = fromFixedPoint(clip.low);
  const width = fromFixedPoint(clip.high) - low;
  const n = int32At(values.n, index);
  const wins = int32At(values.wins, index);
  const losses = int32At(values.losses, index);
  const unscaled = (y: number) => low + y * width;
  const y = bernsteinMean(values.mean, index * BERNSTEIN_SIZE);
  const ends = bernsteinInterval(values.mean, index * BERNSTEIN_SIZE);
  // It takes one mean for all time: where the values have drifted, it holds for none that could be shown beside it.
  const holds = y !== null && ends.low <= y && y <= ends.high;
  const sum = float64At(values.gain, index) - float64At(values.loss, index);
  const squares = float64At(values.gainSquares, index) + float64At(values.lossSquares, index);
  const rawInterval = asymptoticMeanSequence(n, sum, squares);
  const bets = bettingEvidence(values.bets.bets, index * BETTING_SIZE);
  return {
    n,
    wins,
    losses,
    mean: y === null ? null : unscaled(y),
    rest: restOf(view.header, values, index, unscaled(y ?? 0)),
    interval: holds ? { low: unscaled(ends.low), high: unscaled(ends.high) } : null,
    clip: { low, high: low + width },
    rawMean: rawInterval === null ? null : { mean: sum / n, interval: rawInterval },
    confidence: confidence(bets.logEPlus),
    confidenceWorse: confidence(bets.logEMinus),
    profitFactor: profitFactor({
      n,
      wins,
      losses,
      gain: float64At(values.gain, index),
      loss: float64At(values.loss, index),
      gainSquares: float64At(values.gainSquares, index),
      lossSquares: float64At(values.lossSquares, index),
    }),
  };
}

/** Mean within the clip of everybody but a pattern, since its epoch began. */
function restOf(
  header: ImageView['header'],
  values: ValueEvidence,
  index: number,
  mean: number,
): PatternValues['rest'] {
  const n = int32At(values.n, index);
  const restN = float64At(header, HEADER.clippedCount) - int32At(values.startCount, index) - n;
  if (restN <= 0) return null;
  const sum = float64At(header, HEADER.clippedSum) - float64At(values.startSum, index);
  return { n: restN, mean: (fromFixedPoint(sum) - n * mean) / restN };
}
