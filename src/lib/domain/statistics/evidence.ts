import { logAddExp } from './log-add-exp.ts';
import { logSideEvidence } from './side-evidence.ts';

/** Logarithms of a pattern's e-values: how a bet against "no effect" stands that began with 1. */
export interface Evidence {
  /** E⁺: its odds of success exceed those of the rest of the same time. */
  readonly logEPlus: number;
  /** E⁻: they fall short. */
  readonly logEMinus: number;
  /** E² = (E⁺ + E⁻)/2: they differ. */
  readonly logETwoSided: number;
}

/** log((E⁺ + E⁻)/2). */
export function logTwoSided(logEPlus: number, logEMinus: number): number {
  return logAddExp(logEPlus, logEMinus) - Math.LN2;
}

/**
 * The e-process of a pattern, from its 61 accumulated log-likelihoods.
 *
 * Each E is a nonnegative supermartingale where the pattern is no better (no worse, no different): it ever
 * reaches 20 with probability at most 1/20, however often one looks (Ville). Source: STATISTICS §3. Cost:
 * at most 60 exponentials. Worked number: stream A: E⁺ 34.3757658672, E⁻ .2005435928, E² 17.2881547300.
 */
export function evidence(gridLogs: Float64Array, offset = 0): Evidence {
  const logEPlus = logSideEvidence(gridLogs, offset, 1);
  const logEMinus = logSideEvidence(gridLogs, offset, -1);
  return { logEPlus, logEMinus, logETwoSided: logTwoSided(logEPlus, logEMinus) };
}
