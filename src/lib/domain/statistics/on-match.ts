import { float64At } from '../read-typed-array.ts';
import { closeBlock } from './close-block.ts';
import { logTwoSided } from './evidence.ts';
import { QUIET_LOG_E } from './evidence-columns.ts';
import { GRID_SIZE } from './evidence-grid.ts';
import type { EvidenceState } from './evidence-state.ts';
import { logSideEvidence } from './side-evidence.ts';

/**
 * Folds one outcome into the evidence of a pattern that it matches, against the rest of the same time.
 * True where a block of the pattern closed: only then may its alerts be evaluated (STATISTICS §5).
 *
 * y is 1 for success, 0 for failure; N, S everybody's successes-and-failures and successes after this outcome.
 * Source: STATISTICS §3; assumes outcomes independent given their labels within a block, and no delay of
 * recording that differs between pattern and rest. A retracted outcome cannot be taken back: replay.
 * Cost: .2 to .6 µs by the spread of the grid. Worked number: stream A: log E⁺ = log 34.3757658672.
 */
export function onMatch(
  state: EvidenceState,
  index: number,
  y: number,
  N: number,
  S: number,
  longestRun = Infinity,
): boolean {
  if (!closeBlock(state, index, y, N, S, longestRun)) return false;
  const { x, kP, kC, s } = state.lastBlock;
  addBlock(state, index, x, kP, kC, s);
  return true;
}

/**
 * Adds one block to the evidence of a pattern and evaluates it: for groups of outcomes of exactly the same time,
 * whose order means nothing. It does not count; onMatch does.
 *
 * The mixture over the grid is summed only where something can hang on it. A block multiplies E by at most its
 * largest likelihood on that side; while the bound from the last sum stays below confidence .5 and below the
 * epoch's largest E², no rule can see the difference, and the bound itself is stored (see EvidenceColumns).
 */
export function addBlock(
  state: EvidenceState,
  index: number,
  x: number,
  kP: number,
  kC: number,
  s: number,
): void {
  const { columns, increments } = state;
  const { gridLogs, maxLogETwoSided } = columns;
  const offset = index * GRID_SIZE;
  if (!increments.addTo(gridLogs, offset, x, kP, kC, s) || !state.sums) return;
  const largest = float64At(maxLogETwoSided, index);
  const quiet = largest < QUIET_LOG_E ? largest : QUIET_LOG_E;
  let better = float64At(columns.mostLogEPlus, index) + float64At(increments.mostRisen, 0);
  let worse = float64At(columns.mostLogEMinus, index) + float64At(increments.mostRisen, 1);
  const sumsBetter = better > quiet;
  const sumsWorse = worse > quiet;
  if (sumsBetter) better = logSideEvidence(gridLogs, offset, 1);
  if (sumsWorse) worse = logSideEvidence(gridLogs, offset, -1);
  // E² is at most the larger of the two.
  if (better > largest || worse > largest) {
    if (!sumsBetter) better = logSideEvidence(gridLogs, offset, 1);
    if (!sumsWorse) worse = logSideEvidence(gridLogs, offset, -1);
    const logETwoSided = logTwoSided(better, worse);
    if (logETwoSided > largest) maxLogETwoSided[index] = logETwoSided;
  }
  columns.mostLogEPlus[index] = better;
  columns.mostLogEMinus[index] = worse;
}
