import { float64At, int32At } from '../read-typed-array.ts';
import type { EvidenceState } from './evidence-state.ts';

/**
 * Longest run of an attribute whose values have come in phases: outcomes of a pattern, none of the rest between, that
 * still count as of the same time as what comes next.
 */
export const PHASED_RUN = 32;

/**
 * Counts one outcome of a pattern and closes its block where the rest had an outcome since the last close.
 * True where a block closed; it is then in `state.lastBlock`, not yet in the evidence.
 *
 * Variant (STATISTICS §3, m = 1). Blocks depend on labels only, never on results, so any order of arrival is
 * fair. After `longestRun` outcomes without one of the rest the block begins again: two long runs in one block would
 * compare one time with another, and a drift of the base rate would look like an effect. The rest's counts come from everybody's, so a pattern costs nothing at outcomes that it does not match.
 */
export function closeBlock(
  state: EvidenceState,
  index: number,
  y: number,
  N: number,
  S: number,
  longestRun = Infinity,
): boolean {
  const { columns, lastBlock } = state;
  const { openN, openSuccesses, closedAtN, closedAtSuccesses, blockSum } = columns;
  columns.n[index] = int32At(columns.n, index) + 1;
  columns.successes[index] = int32At(columns.successes, index) + y;
  const kP = int32At(openN, index) + 1;
  const x = int32At(openSuccesses, index) + y;
  const kC = N - int32At(closedAtN, index) - kP;
  if (kC < 1) {
    if (kP >= longestRun) {
      closedAtN[index] = N;
      closedAtSuccesses[index] = S;
      openN[index] = 0;
      openSuccesses[index] = 0;
      return false;
    }
    openN[index] = kP;
    openSuccesses[index] = x;
    return false;
  }
  lastBlock.x = x;
  lastBlock.kP = kP;
  lastBlock.kC = kC;
  lastBlock.s = S - int32At(closedAtSuccesses, index);
  blockSum[index] = float64At(blockSum, index) + (kP * kC) / (kP + kC);
  closedAtN[index] = N;
  closedAtSuccesses[index] = S;
  openN[index] = 0;
  openSuccesses[index] = 0;
  return true;
}
