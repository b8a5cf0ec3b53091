import { float64At } from '../read-typed-array.ts';
import type { Interval } from './interval.ts';

/** Doubles of one state: t, Σy, V, Λ, Λy, Ψ, in this order; all zeros before the first value. */
export const BERNSTEIN_SIZE = 6;
const T = 0;
const SUM = 1;
const SQUARES = 2;
const WEIGHT = 3;
const WEIGHTED = 4;
const PENALTY = 5;
const LARGEST_BET = 0.5;

/**
 * Adds one value, scaled to 0 … 1 by its clip, to the state of a mean's confidence sequence.
 *
 * Variant (STATISTICS §7; Waudby-Smith and Ramdas 2024): predictable plug-in empirical Bernstein; weight λ from
 * the values before this one, at most ½. α must be the same from the first value to the reading. The order of the
 * values matters, so a retracted one needs a replay. Cost: O(1). Worked number: see bernsteinInterval.
 */
export function addBernstein(state: Float64Array, offset: number, y: number, alpha = 0.05): void {
  if (!(y >= 0 && y <= 1)) throw new RangeError(`addBernstein requires 0 <= y <= 1, got ${y}`);
  const at = (place: number) => float64At(state, offset + place);
  const t = at(T) + 1;
  const meanBefore = (0.5 + at(SUM)) / t;
  const varianceBefore = (0.25 + at(SQUARES)) / t;
  const bet = Math.min(
    LARGEST_BET,
    Math.sqrt((2 * Math.log(2 / alpha)) / (t * Math.log(1 + t) * varianceBefore)),
  );
  const sum = at(SUM) + y;
  state[offset + WEIGHT] = at(WEIGHT) + bet;
  state[offset + WEIGHTED] = at(WEIGHTED) + bet * y;
  state[offset + PENALTY] = at(PENALTY) + (y - meanBefore) ** 2 * (-Math.log1p(-bet) - bet);
  state[offset + SQUARES] = at(SQUARES) + (y - (0.5 + sum) / (t + 1)) ** 2;
  state[offset + SUM] = sum;
  state[offset + T] = t;
}

/**
 * Mean of the values added, each weighing the same, on the scale of 0 to 1; null without values.
 *
 * The interval is centred elsewhere, at a mean in which earlier values weigh more: of values with one mean for all time
 * the two come together, of values that drift this one may leave the interval. Cost: O(1).
 * Worked number: the values of bernsteinInterval: .5.
 */
export function bernsteinMean(state: Float64Array, offset = 0): number | null {
  const t = float64At(state, offset + T);
  return t === 0 ? null : float64At(state, offset + SUM) / t;
}

/**
 * Interval of the mean that holds at all looks at once with 1 - α; on the scale of 0 to 1, whole without values.
 *
 * Exact for independent values within the clip, of any distribution. Cost: O(1).
 * Worked number: (.2 .9 .4 .7 .1 .6 .55 .3 .8 .45) twenty times: .4375196884 to .5622303141.
 */
export function bernsteinInterval(state: Float64Array, offset = 0, alpha = 0.05): Interval {
  const weight = float64At(state, offset + WEIGHT);
  if (weight === 0) return { low: 0, high: 1 };
  const centre = float64At(state, offset + WEIGHTED) / weight;
  const half = (Math.log(2 / alpha) + float64At(state, offset + PENALTY)) / weight;
  return { low: Math.min(1, Math.max(0, centre - half)), high: Math.max(0, Math.min(1, centre + half)) };
}
