import { logGamma } from './log-gamma.ts';

/** Counts up to this are looked up. */
const KEPT = 1 << 17;

/** Values of a function of a count, kept as they are first asked for: the same figures, without their cost. */
class CountTable {
  readonly #kept = new Float64Array(KEPT).fill(NaN);
  readonly #of: (count: number) => number;

  constructor(of: (count: number) => number) {
    this.#of = of;
  }

  at(count: number): number {
    if (count >= KEPT) return this.#of(count);
    const kept = this.#kept[count] as number;
    // NaN marks what nobody has asked for.
    if (kept === kept) return kept;
    const value = this.#of(count);
    this.#kept[count] = value;
    return value;
  }
}

const LOG_GAMMA_HALVES = new CountTable((count) => logGamma(count + 0.5));
const LOG_FACTORIALS = new CountTable((count) => logGamma(count + 1));
const COUNT_LOG_COUNTS = new CountTable((count) => (count === 0 ? 0 : count * Math.log(count)));

/** log Γ(count + ½). */
export function logGammaHalf(count: number): number {
  return LOG_GAMMA_HALVES.at(count);
}

/** log count! */
export function logFactorial(count: number): number {
  return LOG_FACTORIALS.at(count);
}

/** count · log count, 0 for 0. */
export function countLogCount(count: number): number {
  return COUNT_LOG_COUNTS.at(count);
}
