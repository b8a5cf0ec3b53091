import { float64At } from '../read-typed-array.ts';
import { closeBlock } from './close-block.ts';
import { logTwoSided } from './evidence.ts';
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
 * Cost: .25 to .7 µs by the spread of the grid. Worked number: stream A: log E⁺ = log 34.3757658672.
 */
export function onMatch(state: EvidenceState, index: number, y: number, N: number, S: number): boolean {
  if (!closeBlock(state, index, y, N, S)) return false;
  const { x, kP, kC, s } = state.lastBlock;
  addBlock(state, index, x, kP, kC, s);
  return true;
}

/**
 * Adds one block to the evidence of a pattern and evaluates it: for groups of outcomes of exactly the same time,
 * whose order means nothing. It does not count; onMatch does.
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
  const offset = index * GRID_SIZE;
  if (!increments.addTo(columns.gridLogs, offset, x, kP, kC, s)) return;
  const logEPlus = logSideEvidence(columns.gridLogs, offset, 1);
  const logEMinus = logSideEvidence(columns.gridLogs, offset, -1);
  columns.logEPlus[index] = logEPlus;
  columns.logEMinus[index] = logEMinus;
  const largest = float64At(columns.maxLogETwoSided, index);
  // Cheaper than the two logarithms: E² is at most the larger of the two.
  if (logEPlus <= largest && logEMinus <= largest) return;
  const logETwoSided = logTwoSided(logEPlus, logEMinus);
  if (logETwoSided > largest) columns.maxLogETwoSided[index] = logETwoSided;
}
