import { float64At } from '../read-typed-array.ts';
import { GRID_HALF, SIDE_WEIGHTS } from './evidence-grid.ts';
import { expNonPositive, NEGLIGIBLE_LOG } from './exp-non-positive.ts';

/**
 * log Σ_g w_g·e^(L_g) over one side of a pattern's grid, `side` 1 (odds above the rest's) or -1 (below).
 *
 * Variant (STATISTICS §3): logsumexp with the largest L taken out. L is concave in β, being a sum of block
 * log-likelihoods, so the largest is found by climbing from the middle, and the terms that do not reach a
 * double's last digit (below e^-40 of it) lie at the two ends and are left out. Cost: at most 30 exponentials,
 * about .2 µs. Worked number: all L_g = 0 gives log 1 = 0, up to rounding.
 */
export function logSideEvidence(gridLogs: Float64Array, offset: number, side: 1 | -1): number {
  const weights = SIDE_WEIGHTS;
  const half = GRID_HALF;
  const negligible = NEGLIGIBLE_LOG;
  const centre = offset + half;
  let peak = 1;
  let largest = float64At(gridLogs, centre + side);
  while (peak < half) {
    const next = float64At(gridLogs, centre + side * (peak + 1));
    if (next < largest) break;
    largest = next;
    peak += 1;
  }
  let sum = 0;
  for (let g = peak; g >= 1; g -= 1) {
    const below = float64At(gridLogs, centre + side * g) - largest;
    if (below < negligible) break;
    sum += float64At(weights, g - 1) * expNonPositive(below);
  }
  for (let g = peak + 1; g <= half; g += 1) {
    const below = float64At(gridLogs, centre + side * g) - largest;
    if (below < negligible) break;
    sum += float64At(weights, g - 1) * expNonPositive(below);
  }
  return largest + Math.log(sum);
}
