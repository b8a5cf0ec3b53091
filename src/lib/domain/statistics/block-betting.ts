import { float64At } from '../read-typed-array.ts';
import { logTwoSided, type Evidence } from './evidence.ts';

const BETS = Float64Array.of(0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9);

/** Doubles of one state: log wealth of the eight bets that the pattern is better, then of those that it is worse. */
export const BETTING_SIZE = 2 * BETS.length;

/**
 * Adds a block's difference to the evidence that a pattern's values differ from those of the rest of the same time:
 * z = (mean of the pattern's clipped values - mean of the rest's) / (high end of the clip - low end), -1 to 1.
 *
 * Variant (STATISTICS §7): betting, wealth multiplied by 1 + λz; z has mean 0 under no difference, whatever the
 * level. Cost: 16 log1p. Worked number: z = .5 once: E⁺ = mean of 1 + λ/2 = 1.17625.
 */
export function addBettingBlock(state: Float64Array, offset: number, z: number): void {
  if (!(z >= -1 && z <= 1)) throw new RangeError(`addBettingBlock requires -1 <= z <= 1, got ${z}`);
  for (let i = 0; i < BETS.length; i += 1) {
    const bet = float64At(BETS, i);
    const better = offset + i;
    const worse = better + BETS.length;
    state[better] = float64At(state, better) + Math.log1p(bet * z);
    state[worse] = float64At(state, worse) + Math.log1p(-bet * z);
  }
}

/** Adds the blocks of one state to another, or, `sign` -1, takes them out. */
export function addBets(
  state: Float64Array,
  offset: number,
  blocks: Float64Array,
  from: number,
  sign: 1 | -1,
): void {
  for (let i = 0; i < BETTING_SIZE; i += 1) {
    state[offset + i] = float64At(state, offset + i) + sign * float64At(blocks, from + i);
  }
}

/** The e-values of the accumulated bets, each side the mean of its eight: same confidence, p and e-BH as of rates. */
export function bettingEvidence(state: Float64Array, offset = 0): Evidence {
  const logEPlus = logMean(state, offset);
  const logEMinus = logMean(state, offset + BETS.length);
  return { logEPlus, logEMinus, logETwoSided: logTwoSided(logEPlus, logEMinus) };
}

function logMean(state: Float64Array, start: number): number {
  let largest = -Infinity;
  for (let i = 0; i < BETS.length; i += 1) largest = Math.max(largest, float64At(state, start + i));
  let sum = 0;
  for (let i = 0; i < BETS.length; i += 1) sum += Math.exp(float64At(state, start + i) - largest);
  return largest + Math.log(sum / BETS.length);
}
