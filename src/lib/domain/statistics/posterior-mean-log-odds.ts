import { float64At } from '../read-typed-array.ts';
import { GRID_HALF, GRID_SIZE, LOG_ODDS_GRID, SIDE_WEIGHTS } from './evidence-grid.ts';

const PRIOR_NONE = 5;

/**
 * Posterior mean of the log odds ratio: one number to rank patterns by, drawn to 0 while evidence is thin.
 *
 * Variant (STATISTICS §3): spike and slab, 5/7 no effect, 1/7 for either side of the grid. Not for a
 * decision. Cost: 60 exponentials. Worked number: stream A: 1.1448398568.
 */
export function posteriorMeanLogOdds(gridLogs: Float64Array, offset = 0): number {
  let largest = 0;
  for (let i = 0; i < GRID_SIZE; i += 1) largest = Math.max(largest, float64At(gridLogs, offset + i));
  let weighted = 0;
  let total = PRIOR_NONE * Math.exp(-largest);
  for (let g = 1; g <= GRID_HALF; g += 1) {
    const weight = float64At(SIDE_WEIGHTS, g - 1);
    const better = weight * Math.exp(float64At(gridLogs, offset + GRID_HALF + g) - largest);
    const worse = weight * Math.exp(float64At(gridLogs, offset + GRID_HALF - g) - largest);
    weighted += float64At(LOG_ODDS_GRID, GRID_HALF + g) * (better - worse);
    total += better + worse;
  }
  return weighted / total;
}
