import { describe, expect, it } from 'vitest';
import { GRID_SIZE, LOG_ODDS_GRID } from '#domain/statistics/evidence-grid.ts';
import { oddsRatioEstimate } from '#domain/statistics/odds-ratio-estimate.ts';

const parabola = (top: number, bend = 40) => LOG_ODDS_GRID.map((beta) => -bend * (beta - top) ** 2);

describe('oddsRatioEstimate', () => {
  it('finds the top of the likelihood between grid points', () => {
    for (const top of [-1.31, -0.02, 0, 0.4, 1.77]) {
      expect(oddsRatioEstimate(Float64Array.from(parabola(top)))).toBeCloseTo(Math.exp(top), 9);
    }
  });

  it('says nothing of nothing, nor of what lies beyond the grid', () => {
    expect(oddsRatioEstimate(Float64Array.from(LOG_ODDS_GRID))).toBeNull();
    expect(oddsRatioEstimate(new Float64Array(GRID_SIZE))).toBeNull();
  });

  it('reads the grid of one of several', () => {
    const several = Float64Array.from([...parabola(1), ...parabola(-0.5)]);
    expect(oddsRatioEstimate(several, GRID_SIZE)).toBeCloseTo(Math.exp(-0.5), 9);
  });
});
