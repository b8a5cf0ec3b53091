import { float64At } from '../read-typed-array.ts';

/** Half the number of grid points: g runs over -30 … 30. */
export const GRID_HALF = 30;
export const GRID_SIZE = 2 * GRID_HALF + 1;

/** Scale of the prior on |β|, the log odds ratio; chosen by simulation (STATISTICS §9). */
const PRIOR_SCALE = 0.7;
const FARTHEST = 3;
const STEP = 0.12;
const BASE = FARTHEST / Math.sinh(STEP * GRID_HALF);

/**
 * The log odds ratios that evidence is mixed over, ascending: β_g = b0·sinh(0.12 g) at index 30 + g.
 *
 * Variant (STATISTICS §3): b0 = 3/sinh(3.6), so that β_30 = 3; dense around no effect, sparse far out.
 * Worked number: β_10 = 0.2476495103.
 */
export const LOG_ODDS_GRID: Float64Array = Float64Array.from(
  { length: GRID_SIZE },
  (_, i) => BASE * Math.sinh(STEP * (i - GRID_HALF)),
);

/**
 * Weights of one side of the grid, w_1 … w_30 at index g - 1, summing to 1; both sides have the same.
 *
 * Variant (STATISTICS §3): w_g ∝ exp(-β_g²/(2·0.7²)) times the width of its cell, midpoint to midpoint; the
 * first cell starts at β_1/2, the last ends at β_30. Worked number: w_10 = 0.0386018166.
 */
export const SIDE_WEIGHTS: Float64Array = sideWeights();

function sideWeights(): Float64Array {
  const beta = (g: number) => float64At(LOG_ODDS_GRID, GRID_HALF + g);
  const raw = Float64Array.from({ length: GRID_HALF }, (_, i) => {
    const g = i + 1;
    const low = (beta(g - 1) + beta(g)) / 2;
    const high = g === GRID_HALF ? beta(g) : (beta(g) + beta(g + 1)) / 2;
    return Math.exp(-(beta(g) ** 2) / (2 * PRIOR_SCALE ** 2)) * (high - low);
  });
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  return raw.map((weight) => weight / total);
}
