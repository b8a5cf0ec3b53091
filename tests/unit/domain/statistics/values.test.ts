import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asymptoticHalfWidth,
  asymptoticMeanSequence,
} from '../../../../src/lib/domain/statistics/asymptotic-mean-sequence.ts';
import {
  addBettingBlock,
  BETTING_SIZE,
  bettingEvidence,
} from '../../../../src/lib/domain/statistics/block-betting.ts';
import {
  addBernstein,
  BERNSTEIN_SIZE,
  bernsteinInterval,
  bernsteinMean,
} from '../../../../src/lib/domain/statistics/empirical-bernstein.ts';
import { onValueMatch } from '../../../../src/lib/domain/statistics/on-value-match.ts';
import { profitFactor } from '../../../../src/lib/domain/statistics/profit-factor.ts';
import {
  createValues,
  openValues,
  startValues,
  valueBytes,
} from '../../../../src/lib/domain/statistics/value-columns.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

const unit = fc.double({ min: 0, max: 1, noNaN: true });

describe('empirical Bernstein sequence of a mean', () => {
  // STATISTICS §11: the row of ten, twenty times.
  it.each([
    [0, 0, 1],
    [10, 0, 1],
    [50, 0.3266875073, 0.6733124927],
    [200, 0.4375196884, 0.5622303141],
  ])('after %i values equals its vector', (t, low, high) => {
    const row = [0.2, 0.9, 0.4, 0.7, 0.1, 0.6, 0.55, 0.3, 0.8, 0.45];
    const state = new Float64Array(BERNSTEIN_SIZE + 1);
    for (let i = 0; i < t; i += 1) addBernstein(state, 1, row[i % 10] ?? NaN);
    expect(bernsteinInterval(state, 1).low).toBeCloseTo(low, 9);
    expect(bernsteinInterval(state, 1).high).toBeCloseTo(high, 9);
    expect(state[0]).toBe(0);
  });

  it('stays an interval within 0 and 1 whatever comes, and mirrors', () => {
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 300 }), (values) => {
        const one = new Float64Array(BERNSTEIN_SIZE);
        const other = new Float64Array(BERNSTEIN_SIZE);
        for (const y of values) {
          addBernstein(one, 0, y);
          addBernstein(other, 0, 1 - y);
        }
        const { low, high } = bernsteinInterval(one);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(high);
        expect(bernsteinInterval(other).low).toBeCloseTo(1 - high, 9);
      }),
    );
  });

  it('covers the mean of rare large values at every look, in nearly all of 200 streams', () => {
    const random = seededRandom(11);
    let missed = 0;
    for (let stream = 0; stream < 200; stream += 1) {
      const state = new Float64Array(BERNSTEIN_SIZE);
      let wrong = false;
      for (let i = 0; i < 400; i += 1) {
        addBernstein(state, 0, random() < 0.1 ? random() : 0);
        const { low, high } = bernsteinInterval(state);
        wrong ||= low > 0.05 || high < 0.05;
      }
      if (wrong) missed += 1;
    }
    expect(missed / 200).toBeLessThanOrEqual(0.05);
  });

  it('has the plain mean of its values, which drift may carry out of the interval', () => {
    const state = new Float64Array(BERNSTEIN_SIZE + 1);
    expect(bernsteinMean(state, 1)).toBeNull();
    for (const y of [0.2, 0.9, 0.4]) addBernstein(state, 1, y);
    expect(bernsteinMean(state, 1)).toBeCloseTo(0.5, 12);
    const drifting = new Float64Array(BERNSTEIN_SIZE);
    for (let i = 0; i < 1_000; i += 1) addBernstein(drifting, 0, i < 500 ? 0 : 1);
    expect(bernsteinMean(drifting)).toBe(0.5);
    expect(bernsteinInterval(drifting).high).toBeLessThan(0.5);
  });

  it('refuses values outside the clip', () => {
    expect(() => addBernstein(new Float64Array(BERNSTEIN_SIZE), 0, 1.001)).toThrow(RangeError);
    expect(() => addBernstein(new Float64Array(BERNSTEIN_SIZE), 0, NaN)).toThrow(RangeError);
  });
});

describe('block betting on values', () => {
  it('begins at one, and is the mean of the eight bets', () => {
    const state = new Float64Array(BETTING_SIZE);
    expect(bettingEvidence(state)).toEqual({ logEPlus: 0, logEMinus: 0, logETwoSided: 0 });
    addBettingBlock(state, 0, 0.5);
    // Mean of the bets .02 .05 .1 .2 .35 .5 .7 .9 is .3525.
    expect(Math.exp(bettingEvidence(state).logEPlus)).toBeCloseTo(1 + 0.3525 / 2, 12);
    expect(Math.exp(bettingEvidence(state).logEMinus)).toBeCloseTo(1 - 0.3525 / 2, 12);
    expect(Math.exp(bettingEvidence(state).logETwoSided)).toBeCloseTo(1, 12);
    addBettingBlock(state, 0, -0.25);
    const bets = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9];
    const wealth = bets.reduce((sum, bet) => sum + (1 + bet * 0.5) * (1 - bet * 0.25), 0) / 8;
    expect(Math.exp(bettingEvidence(state).logEPlus)).toBeCloseTo(wealth, 12);
    expect(() => addBettingBlock(state, 0, 1.01)).toThrow(RangeError);
  });

  it('swaps its sides with the sign, and is finite at the ends', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 100 }), (zs) => {
        const one = new Float64Array(BETTING_SIZE);
        const other = new Float64Array(BETTING_SIZE);
        for (const z of zs) {
          addBettingBlock(one, 0, z);
          addBettingBlock(other, 0, -z);
        }
        const { logEPlus, logEMinus } = bettingEvidence(one);
        expect(bettingEvidence(other)).toMatchObject({ logEPlus: logEMinus, logEMinus: logEPlus });
        expect(Number.isFinite(logEPlus) && Number.isFinite(logEMinus)).toBe(true);
      }),
    );
  });

  it('compares means of a block, in fixed point, from everybody’s totals', () => {
    const buffer = new ArrayBuffer(8 + valueBytes(2));
    const columns = openValues(buffer, 8, 2);
    startValues(columns, 1, 10, 70_000);
    // Clip 0 to 10,000. Pattern 8,000; rest 1,000 and 3,000; pattern 6,000 closes: z = .7 - .2.
    expect(onValueMatch(columns, 1, 8_000, 11, 78_000, 10_000)).toBe(false);
    expect(onValueMatch(columns, 1, 6_000, 14, 88_000, 10_000)).toBe(true);
    const expected = new Float64Array(BETTING_SIZE);
    addBettingBlock(expected, 0, 0.5);
    [...expected].forEach((log, i) => expect(columns.bets[BETTING_SIZE + i]).toBeCloseTo(log, 12));
    expect(columns.bets.subarray(0, BETTING_SIZE)).toEqual(new Float64Array(BETTING_SIZE));
    expect([columns.closedAtCount[1], columns.closedAtSum[1], columns.openCount[1]]).toEqual([14, 88_000, 0]);
    expect(valueBytes(2)).toBe(2 * 152);
  });

  it('reaches 20 in at most 5 % of 300 streams without a difference', () => {
    const random = seededRandom(3);
    let alarms = 0;
    for (let stream = 0; stream < 300; stream += 1) {
      const columns = createValues(1);
      let sum = 0;
      let ever = false;
      for (let count = 1; count <= 1_000; count += 1) {
        const value = random() < 0.1 ? Math.round(10_000 * random() ** 3) : 0;
        sum += value;
        if (random() < 0.2 && onValueMatch(columns, 0, value, count, sum, 10_000)) {
          ever ||= bettingEvidence(columns.bets).logEPlus >= Math.log(20);
        }
      }
      if (ever) alarms += 1;
    }
    expect(alarms / 300).toBeLessThanOrEqual(0.05);
  });
});

describe('asymptotic sequence of a mean', () => {
  // n, sd, N*, half-width: STATISTICS §11.
  it.each([
    [100, 1, 500, 0.3363887726],
    [500, 1, 500, 0.1357386726],
    [5000, 2.5, 500, 0.1146122209],
  ])('of %i values with deviation %f equals its vector', (n, deviation, tuned, half) => {
    expect(deviation * asymptoticHalfWidth(n, 0.05, tuned)).toBeCloseTo(half, 9);
  });

  // GrowthBook gbstats: 1396/3000 against 2422/3461, relative, N* = 5000 (STATISTICS §11), by the delta method.
  it('gives the interval of a relative lift that its source gives', () => {
    const [n0, p0, n1, p1] = [3_000, 1_396 / 3_000, 3_461, 2_422 / 3_461];
    const variance = (p1 * (1 - p1)) / (p0 ** 2 * n1) + (p1 ** 2 * p0 * (1 - p0)) / (p0 ** 4 * n0);
    const half = Math.sqrt(variance * (n0 + n1)) * asymptoticHalfWidth(n0 + n1, 0.05, 5_000);
    expect(p1 / p0 - 1 - half).toBeCloseTo(0.40098, 4);
    expect(p1 / p0 - 1 + half).toBeCloseTo(0.60675, 4);
  });

  it('is shown from thirty values on', () => {
    expect(asymptoticMeanSequence(29, 29, 29)).toBeNull();
    // 100 values, mean 2, sample deviation 1: Σx² = 99 + 400.
    const interval = asymptoticMeanSequence(100, 200, 499);
    expect(interval?.low).toBeCloseTo(2 - 0.3363887726, 9);
    expect(interval?.high).toBeCloseTo(2 + 0.3363887726, 9);
    expect(asymptoticMeanSequence(100, 200, 400)).toEqual({ low: 2, high: 2 });
    expect(() => asymptoticHalfWidth(0)).toThrow(RangeError);
  });
});

describe('profitFactor', () => {
  const totals = (n: number, gain: number, loss: number, gainSquares: number, lossSquares: number) => ({
    n,
    wins: 20,
    losses: 20,
    gain,
    loss,
    gainSquares,
    lossSquares,
  });

  // STATISTICS §11.
  it('has the published intervals', () => {
    const many = profitFactor(totals(200, 150, 110, 330, 110));
    expect(many.factor).toBeCloseTo(1.3636363636, 9);
    expect(many.interval?.low).toBeCloseTo(0.8078110654, 9);
    expect(many.interval?.high).toBeCloseTo(2.171454774, 9);
    const few = profitFactor(totals(40, 30, 22, 66, 22));
    expect(few.interval?.low).toBeCloseTo(0.0944136863, 9);
    expect(few.interval?.high).toBeCloseTo(5.7755440442, 9);
  });

  it('never goes below zero', () => {
    // Uncut, Fieller's low end is -.1337.
    const { factor, interval } = profitFactor(totals(100, 100, 80, 1_200, 300));
    expect(factor).toBe(1.25);
    expect(interval?.low).toBe(0);
    expect(interval?.high).toBeGreaterThan(1.25);
  });

  it('says infinite without losses, nothing without either, and holds back an interval it cannot give', () => {
    expect(profitFactor(totals(40, 30, 0, 66, 0))).toEqual({ factor: Infinity, interval: null });
    expect(profitFactor(totals(40, 0, 0, 0, 0))).toEqual({ factor: null, interval: null });
    expect(profitFactor({ ...totals(200, 150, 110, 330, 110), losses: 19 }).interval).toBeNull();
    expect(profitFactor({ ...totals(200, 150, 110, 330, 110), wins: 19 }).interval).toBeNull();
    // A single loss makes most of the total: the region is not bounded.
    expect(profitFactor(totals(40, 30, 22, 66, 400)).interval).toBeNull();
  });
});
