import { float64At } from '../read-typed-array.ts';
import { GRID_SIZE, LOG_ODDS_GRID } from './evidence-grid.ts';

/**
 * Where the likelihood of the odds ratio of pattern against rest of the same time is highest: the grid's best point,
 * refined by the parabola through it and its neighbours. For reading beside its always-valid interval, which does not
 * rest on it. Null while no block has told anything, and where it lies beyond the grid. Cost: a scan of the grid. Worked number: L = -(β - .4)² gives e^.4.
 */
export function oddsRatioEstimate(gridLogs: Float64Array, offset = 0): number | null {
  const log = (i: number) => float64At(gridLogs, offset + i);
  const beta = (i: number) => float64At(LOG_ODDS_GRID, i);
  let peak = 0;
  let flat = true;
  for (let i = 1; i < GRID_SIZE; i += 1) {
    if (log(i) !== log(0)) flat = false;
    if (log(i) > log(peak)) peak = i;
  }
  // At an end of the grid the best may lie anywhere beyond.
  if (flat || peak === 0 || peak === GRID_SIZE - 1) return null;
  const [left, right] = [beta(peak) - beta(peak - 1), beta(peak + 1) - beta(peak)];
  const [rise, fall] = [(log(peak) - log(peak - 1)) / left, (log(peak + 1) - log(peak)) / right];
  const bend = (fall - rise) / (left + right);
  if (bend >= 0) return Math.exp(beta(peak));
  const shift = (left - rise / bend) / 2 - left;
  return Math.exp(beta(peak) + Math.min(right, Math.max(-left, shift)));
}
