import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockIncrements } from '../../../../src/lib/domain/statistics/block-increments.ts';
import { blockLogLikelihood } from '../../../../src/lib/domain/statistics/block-likelihood.ts';
import {
  GRID_HALF,
  GRID_SIZE,
  LOG_ODDS_GRID,
  SIDE_WEIGHTS,
} from '../../../../src/lib/domain/statistics/evidence-grid.ts';
import { expNonPositive, NEGLIGIBLE_LOG } from '../../../../src/lib/domain/statistics/exp-non-positive.ts';
import { logAddExp } from '../../../../src/lib/domain/statistics/log-add-exp.ts';
import { logChoose } from '../../../../src/lib/domain/statistics/log-choose.ts';

const size = fc.integer({ min: 1, max: 40 });
const block = fc
  .tuple(size, size)
  .chain(([kP, kC]) => fc.record({ kP: fc.constant(kP), kC: fc.constant(kC), x: fc.nat(kP), c: fc.nat(kC) }))
  .map(({ kP, kC, x, c }) => ({ x, kP, kC, s: x + c }));

describe('evidence grid', () => {
  // STATISTICS §11.
  it.each([
    [1, 0.0197350635, 0.0228506063],
    [10, 0.2476495103, 0.0386018166],
    [20, 0.8968159293, 0.0555091852],
    [30, 3, 2.0065907498e-5],
  ])('point %i equals its vector', (g, beta, weight) => {
    expect(LOG_ODDS_GRID[GRID_HALF + g]).toBeCloseTo(beta, 9);
    expect(LOG_ODDS_GRID[GRID_HALF - g]).toBeCloseTo(-beta, 9);
    expect(SIDE_WEIGHTS[g - 1]).toBeCloseTo(weight, g === 30 ? 14 : 9);
  });

  it('has weights that sum to one', () => {
    expect(SIDE_WEIGHTS.length).toBe(GRID_HALF);
    expect(SIDE_WEIGHTS.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 14);
  });
});

describe('blockLogLikelihood', () => {
  // x, kP, kC, s, odds ratio, e-value: STATISTICS §11.
  it.each([
    [1, 1, 4, 1, 2, 1.6666666667],
    [0, 1, 4, 1, 2, 0.8333333333],
    [1, 1, 4, 5, 2, 1],
    [2, 3, 5, 3, 2, 1.6231884058],
    [0, 3, 5, 3, 2, 0.4057971014],
    [4, 6, 1, 4, 0.5, 0.6363636364],
    [3, 6, 1, 4, 0.5, 1.2727272727],
    [7, 20, 30, 12, 1.5, 2.0265278649],
    [40, 200, 300, 90, 3, 0.0014670885843],
  ])('x=%i of %i against %i, s=%i, at odds ratio %f equals its vector', (x, kP, kC, s, omega, e) => {
    const actual = Math.exp(blockLogLikelihood({ x, kP, kC, s }, Math.log(omega)));
    expect(Math.abs(actual - e)).toBeLessThan(e < 0.01 ? 5e-14 : 6e-11);
  });

  // STATISTICS §3: kP=3, kC=2, e^β = 1.7, true odds ratio .5; the page leaves out that the rest's rate is .1.
  it('has the published mean where the pattern is worse', () => {
    expect(meanOfE(3, 2, 1.7, 0.1, 0.5)).toBeCloseTo(0.9719854127, 9);
    for (const theta of [0.03, 0.5, 0.9]) expect(meanOfE(3, 2, 1.7, theta, 1)).toBeCloseTo(1, 12);
  });

  it('has mean one over all outcomes of a block where nothing is real, whatever the rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0.05, max: 20, noNaN: true }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (kP, kC, omega, theta) => {
          expect(meanOfE(kP, kC, omega, theta, 1)).toBeCloseTo(1, 10);
        },
      ),
    );
  });

  it('has mean at most one for a lift where the pattern is no better', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 1, max: 20, noNaN: true }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (kP, kC, omega, theta, truth) => {
          expect(meanOfE(kP, kC, omega, theta, truth)).toBeLessThanOrEqual(1 + 1e-10);
        },
      ),
    );
  });

  it('mirrors when successes and failures are swapped', () => {
    fc.assert(
      fc.property(block, fc.double({ min: -4, max: 4, noNaN: true }), ({ x, kP, kC, s }, beta) => {
        const mirrored = blockLogLikelihood({ x: kP - x, kP, kC, s: kP + kC - s }, -beta);
        expect(blockLogLikelihood({ x, kP, kC, s }, beta)).toBeCloseTo(mirrored, 9);
      }),
    );
  });

  it('says exactly nothing where all or none succeeded', () => {
    expect(blockLogLikelihood({ x: 0, kP: 3, kC: 2, s: 0 }, 1.3)).toBe(0);
    expect(blockLogLikelihood({ x: 3, kP: 3, kC: 2, s: 5 }, 1.3)).toBe(0);
  });
});

describe('BlockIncrements', () => {
  it('adds the log-likelihoods of the grid, and the same again from its table', () => {
    const increments = new BlockIncrements();
    fc.assert(
      fc.property(block, (one) => {
        const logs = new Float64Array(GRID_SIZE + 2).fill(7);
        const informative = increments.addTo(logs, 1, one.x, one.kP, one.kC, one.s);
        expect(informative).toBe(one.s > 0 && one.s < one.kP + one.kC);
        LOG_ODDS_GRID.forEach((beta, i) => {
          expect(logs[i + 1]).toBeCloseTo(7 + blockLogLikelihood(one, beta), 12);
        });
        expect([logs[0], logs[GRID_HALF + 1], logs[GRID_SIZE + 1]]).toEqual([7, 7, 7]);
        const fresh = new Float64Array(GRID_SIZE + 2).fill(7);
        new BlockIncrements().addTo(fresh, 1, one.x, one.kP, one.kC, one.s);
        const again = new Float64Array(GRID_SIZE + 2).fill(7);
        increments.addTo(again, 1, one.x, one.kP, one.kC, one.s);
        expect(again).toEqual(logs);
        expect(fresh).toEqual(logs);
      }),
      { numRuns: 60 },
    );
  });

  it('never takes one block for another, though more come than its table holds', () => {
    const increments = new BlockIncrements();
    const one = new Float64Array(GRID_SIZE);
    let worst = 0;
    for (const kC of [3_000, 3_001, 3_000, 20_000]) {
      for (let s = 1; s <= kC; s += 1) {
        one.fill(0);
        increments.addTo(one, 0, 0, 1, kC, s);
        const expected = blockLogLikelihood({ x: 0, kP: 1, kC, s }, 3);
        worst = Math.max(worst, Math.abs((one[GRID_SIZE - 1] ?? NaN) - expected));
      }
    }
    expect(worst).toBeLessThan(1e-12);
  });

  it('takes blocks too large to keep', () => {
    const logs = new Float64Array(GRID_SIZE);
    expect(new BlockIncrements().addTo(logs, 0, 1, 1, 100_000, 20_000)).toBe(true);
    const expected = blockLogLikelihood({ x: 1, kP: 1, kC: 100_000, s: 20_000 }, 3);
    expect(logs[GRID_SIZE - 1]).toBeCloseTo(expected, 12);
  });

  it('is concave over the grid', () => {
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 20 }), (blocks) => {
        const logs = new Float64Array(GRID_SIZE);
        const increments = new BlockIncrements();
        for (const { x, kP, kC, s } of blocks) increments.addTo(logs, 0, x, kP, kC, s);
        let before = Infinity;
        for (let i = 1; i < GRID_SIZE; i += 1) {
          const slope =
            ((logs[i] ?? NaN) - (logs[i - 1] ?? NaN)) /
            ((LOG_ODDS_GRID[i] ?? NaN) - (LOG_ODDS_GRID[i - 1] ?? NaN));
          expect(slope).toBeLessThanOrEqual(before + 1e-9);
          before = slope;
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('logarithms of sums', () => {
  it('expNonPositive equals Math.exp to the last digits', () => {
    let worst = 0;
    for (let x = NEGLIGIBLE_LOG; x <= 0; x += 0.00137) {
      worst = Math.max(worst, Math.abs(expNonPositive(x) / Math.exp(x) - 1));
    }
    expect(worst).toBeLessThan(5e-16);
    expect(expNonPositive(0)).toBe(1);
  });

  it('logAddExp neither overflows nor loses a zero', () => {
    expect(logAddExp(Math.log(2), Math.log(3))).toBeCloseTo(Math.log(5), 14);
    expect(logAddExp(2_000, 2_000)).toBeCloseTo(2_000 + Math.LN2, 10);
    expect(logAddExp(-Infinity, 3)).toBe(3);
    expect(logAddExp(-Infinity, -Infinity)).toBe(-Infinity);
  });
});

/** E[e^ℓ] over every outcome of a block: the rest succeeds at rate theta, the pattern at `truth` times its odds. */
function meanOfE(kP: number, kC: number, omega: number, theta: number, truth: number): number {
  const odds = (truth * theta) / (1 - theta);
  const pattern = odds / (1 + odds);
  let mean = 0;
  for (let x = 0; x <= kP; x += 1) {
    for (let c = 0; c <= kC; c += 1) {
      const probability = binomial(kP, x, pattern) * binomial(kC, c, theta);
      mean += probability * Math.exp(blockLogLikelihood({ x, kP, kC, s: x + c }, Math.log(omega)));
    }
  }
  return mean;
}

function binomial(n: number, k: number, p: number): number {
  return Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
}
