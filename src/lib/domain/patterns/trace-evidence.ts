import { RESULTS } from '../outcomes/results.ts';
import { byteAt, int32At } from '../read-typed-array.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import { createEvidence } from '../statistics/evidence-columns.ts';
import { evidenceState } from '../statistics/evidence-state.ts';
import { exactEvidence } from '../statistics/exact-evidence.ts';
import type { Interval } from '../statistics/interval.ts';
import { oddsRatioEstimate } from '../statistics/odds-ratio-estimate.ts';
import { oddsRatioSequence } from '../statistics/odds-ratio-sequence.ts';
import { onMatch } from '../statistics/on-match.ts';
import { onPeriodMatch } from '../statistics/on-period-match.ts';
import { CHUNK_BITS, CHUNK_ROWS, type Columns, META_RESULT, openChunk } from './columns.ts';
import type { Items } from './evidence-subject.ts';
import { holds, itemColumns } from './item-columns.ts';
import { scanColumns } from './scan-columns.ts';
import { stands } from './standing.ts';

const SUCCESS = RESULTS.indexOf('success');
/** Outcomes of the pattern that are watched for each of its last moves: a block may hold many. */
const WATCHED_EACH = 25;

/** A pattern's evidence as of one position, since `after`. */
export interface TracePoint {
  readonly position: number;
  readonly n: number;
  readonly successes: number;
  readonly restN: number;
  readonly restSuccesses: number;
  readonly logEPlus: number;
  readonly logEMinus: number;
  /** Always-valid; null in period mode. */
  readonly oddsRatio: (Interval & { readonly estimate: number | null }) | null;
}

/** An outcome at which the evidence moved: the one that closed a block, with all of the block in its change. */
export interface EvidenceMove {
  readonly position: number;
  readonly success: boolean;
  readonly logEPlus: number;
  readonly logEMinus: number;
  readonly changePlus: number;
  readonly changeMinus: number;
}

export interface TraceTask {
  readonly columns: Columns;
  readonly items: Items;
  readonly period: boolean;
  /** See EvidenceSubject. */
  readonly longestRun: number;
  /** Position after which its evidence begins. */
  readonly after: number;
  readonly through: number;
  /** Retracts after it are not known, as in the live evidence: `retractsThrough` of the image. */
  readonly asOf: number;
  /** How many points at most, the last one as of `through`. */
  readonly points: number;
  /** A position at which there is to be a point besides, where it lies within. */
  readonly mark: number | null;
  /** How many of the last moves. */
  readonly moves: number;
}

export interface EvidenceTrace {
  readonly points: readonly TracePoint[];
  /** In order. */
  readonly moves: readonly EvidenceMove[];
}

/**
 * How the evidence of one pattern came to be what it is: replayed from the encoded log with all that stands as of
 * `asOf`, so that its end is the live state, up to the rounding of what was taken out.
 *
 * Cost: 5 to 10 ns an entry, the evidence of those that match, and some 10 µs a point.
 */
export function traceEvidence(task: TraceTask, increments: BlockIncrements): EvidenceTrace {
  const { columns, items, period, longestRun, after, through, asOf } = task;
  const evidence = createEvidence(1);
  const state = evidenceState(evidence, increments);
  const points: TracePoint[] = [];
  const moves: EvidenceMove[] = [];
  let n = 0;
  let successes = 0;
  let plus = 0;
  let minus = 0;
  // Exact evidence costs as much as the update itself: it is asked for where one of the last moves may be.
  const before = scanColumns(columns, after, items.slots, items.codes).n;
  let unwatched =
    scanColumns(columns, through, items.slots, items.codes).n - before - WATCHED_EACH * task.moves;
  const point = (position: number): TracePoint => {
    const own = int32At(evidence.n, 0);
    const ownSuccesses = int32At(evidence.successes, 0);
    const exact = exactEvidence(evidence, 0, period);
    return {
      position,
      n: own,
      successes: ownSuccesses,
      restN: n - own,
      restSuccesses: successes - ownSuccesses,
      logEPlus: exact.logEPlus,
      logEMinus: exact.logEMinus,
      oddsRatio: period
        ? null
        : { ...oddsRatioSequence(evidence.gridLogs, 0), estimate: oddsRatioEstimate(evidence.gridLogs) },
    };
  };
  let position = after;
  for (const end of ends(task)) {
    while (position < end) {
      const chunkAt = position >>> CHUNK_BITS;
      const chunk = openChunk(columns, chunkAt);
      const { codes, meta } = chunk;
      const own = itemColumns(codes, items);
      const until = Math.min(CHUNK_ROWS, end - chunkAt * CHUNK_ROWS);
      for (let at = position & (CHUNK_ROWS - 1); at < until; at += 1) {
        if (!stands(chunk, at, asOf)) continue;
        const y = (byteAt(meta, at) & META_RESULT) === SUCCESS ? 1 : 0;
        n += 1;
        successes += y;
        if (!holds(own, at)) continue;
        if (period) onPeriodMatch(state, 0, y, n, successes);
        else onMatch(state, 0, y, n, successes, longestRun);
        unwatched -= 1;
        if (unwatched > 0) continue;
        const { logEPlus, logEMinus } = exactEvidence(evidence, 0, period);
        if (unwatched === 0) [plus, minus] = [logEPlus, logEMinus];
        if (logEPlus === plus && logEMinus === minus) continue;
        moves.push({
          position: chunkAt * CHUNK_ROWS + at + 1,
          success: y === 1,
          logEPlus,
          logEMinus,
          changePlus: logEPlus - plus,
          changeMinus: logEMinus - minus,
        });
        if (moves.length >= 2 * task.moves) moves.splice(0, task.moves);
        plus = logEPlus;
        minus = logEMinus;
      }
      position = chunkAt * CHUNK_ROWS + until;
    }
    points.push(point(end));
  }
  return { points, moves: moves.slice(Math.max(0, moves.length - task.moves)) };
}

/** Ascending positions of the points. */
function ends({ after, through, points, mark }: TraceTask): number[] {
  const span = Math.max(0, through - after);
  const count = Math.min(points, span);
  const grid = Array.from({ length: count }, (_, i) => after + Math.ceil((span * (i + 1)) / count));
  if (mark !== null && mark > after && mark < through) grid.push(mark);
  return [...new Set(grid)].sort((a, b) => a - b);
}
