import { float64At, int32At } from '../read-typed-array.ts';
import { closeBlock } from './close-block.ts';
import { type EvidenceColumns, QUIET_LOG_E } from './evidence-columns.ts';
import type { EvidenceState } from './evidence-state.ts';
import { mostUniversalInference, universalInference } from './universal-inference.ts';

/**
 * Folds one outcome into the evidence of a time-bound pattern that it matches: onMatch's counterpart in period
 * mode. The evidence comes from the four counts of the epoch and is evaluated at every outcome of its own; blocks
 * are still counted, for the concurrency index. L stays 0, so there is no odds-ratio sequence.
 *
 * y, N, S as onMatch. Source: STATISTICS §3, period mode; exact only while the base rate is constant. Where a cheap
 * upper bound is below all that a rule asks about, the bound is stored (see EvidenceColumns). Cost: .1 to .5 µs.
 * Worked number: 30/100 against 40/400: log E⁺ = 5.6080398349.
 */
export function onPeriodMatch(state: EvidenceState, index: number, y: number, N: number, S: number): void {
  closeBlock(state, index, y, N, S);
  if (!state.sums) return;
  const { columns } = state;
  const n1 = int32At(columns.n, index);
  const s1 = int32At(columns.successes, index);
  const n0 = N - int32At(columns.startN, index) - n1;
  const s0 = S - int32At(columns.startSuccesses, index) - s1;
  const largest = float64At(columns.maxLogETwoSided, index);
  const most = mostUniversalInference(n1, s1, n0, s0);
  if (most <= (largest < QUIET_LOG_E ? largest : QUIET_LOG_E)) {
    columns.mostLogEPlus[index] = most;
    columns.mostLogEMinus[index] = most;
    return;
  }
  const { logEPlus, logEMinus, logETwoSided } = universalInference({ n1, s1, n0, s0 });
  columns.mostLogEPlus[index] = logEPlus;
  columns.mostLogEMinus[index] = logEMinus;
  if (logETwoSided > largest) columns.maxLogETwoSided[index] = logETwoSided;
}

/** The four counts that the evidence of a time-bound pattern rests on, as of its last outcome. */
export function periodCounts(columns: EvidenceColumns, index: number) {
  const n1 = int32At(columns.n, index);
  const s1 = int32At(columns.successes, index);
  // Where no block closed at its last outcome, nobody else has come since the last close.
  const N = int32At(columns.closedAtN, index) + int32At(columns.openN, index);
  const S = int32At(columns.closedAtSuccesses, index) + int32At(columns.openSuccesses, index);
  return {
    n1,
    s1,
    n0: N - int32At(columns.startN, index) - n1,
    s0: S - int32At(columns.startSuccesses, index) - s1,
  };
}
