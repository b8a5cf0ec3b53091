import { describe, expect, it } from 'vitest';
import { blockLogLikelihood } from '../../../../src/lib/domain/statistics/block-likelihood.ts';
import {
  changeBytes,
  createChange,
  openChange,
  startChange,
} from '../../../../src/lib/domain/statistics/change-columns.ts';
import { detectChange } from '../../../../src/lib/domain/statistics/detect-change.ts';
import { createEvidence, startEvidence } from '../../../../src/lib/domain/statistics/evidence-columns.ts';
import { evidenceState } from '../../../../src/lib/domain/statistics/evidence-state.ts';
import { logOddsRatioSequence } from '../../../../src/lib/domain/statistics/odds-ratio-sequence.ts';
import { onMatch } from '../../../../src/lib/domain/statistics/on-match.ts';
import { shiryaevRoberts } from '../../../../src/lib/domain/statistics/shiryaev-roberts.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

describe('shiryaevRoberts', () => {
  it('sums as the vector of STATISTICS §11 says', () => {
    let logR = -Infinity;
    const seen = [1.6, 0.8, 0.8, 2, 1, 0.5].map((e) => {
      logR = shiryaevRoberts(logR, Math.log(e));
      return Math.exp(logR);
    });
    [1.6, 2.08, 2.464, 6.928, 7.928, 4.464].forEach((r, i) => expect(seen[i]).toBeCloseTo(r, 12));
  });
});

describe('detectChange', () => {
  it('freezes the 80 % sequence at 50, 100, 200 … outcomes and begins anew each time', () => {
    const run = stream({ seed: 5, outcomes: 1_300, rate: () => 0.5, threshold: Infinity });
    const { change, frozen } = run;
    expect(frozen.map(({ n }) => n)).toEqual([50, 100, 200]);
    for (const { low, high, expected, logR } of frozen) {
      expect([low, high]).toEqual([expected.low, expected.high]);
      expect(logR).toEqual(new Array<number>(6).fill(-Infinity));
    }
    expect(change.nextReferenceN[0]).toBe(400);
  });

  it('watches no direction without a reference', () => {
    const change = createChange(2);
    const subject = { gridLogs: new Float64Array(61), offset: 0, n: 49 };
    for (let i = 0; i < 5_000; i += 1) {
      expect(detectChange(change, 1, { x: 1, kP: 1, kC: 3, s: 1 }, subject)).toBeNull();
    }
    expect(change.logR[6]).toBe(-Infinity);
    // Without evidence the sequence has no bound, so its freezing at 50 watches nothing either.
    detectChange(change, 1, { x: 1, kP: 1, kC: 3, s: 1 }, { ...subject, n: 50 });
    expect([change.referenceLow[1], change.referenceHigh[1]]).toEqual([-Infinity, Infinity]);
  });

  it('bets on shifts beyond the reference, and lets a block that says nothing count one', () => {
    const change = createChange(1);
    change.referenceLow[0] = 0.2;
    change.referenceHigh[0] = 0.9;
    change.nextReferenceN[0] = 400;
    const subject = { gridLogs: new Float64Array(61), offset: 0, n: 60 };
    const block = { x: 1, kP: 2, kC: 5, s: 3 };
    detectChange(change, 0, block, subject);
    const e = (beta: number, reference: number) =>
      blockLogLikelihood(block, beta) - blockLogLikelihood(block, reference);
    const expected = [0.2 - 0.35, 0.2 - 0.8, 0.2 - 1.4]
      .map((beta) => e(beta, 0.2))
      .concat([0.9 + 0.35, 0.9 + 0.8, 0.9 + 1.4].map((beta) => e(beta, 0.9)));
    expected.forEach((logR, i) => expect(change.logR[i]).toBeCloseTo(logR, 12));
    detectChange(change, 0, { x: 0, kP: 2, kC: 5, s: 0 }, subject);
    expected.forEach((logR, i) => expect(change.logR[i]).toBeCloseTo(Math.log1p(Math.exp(logR)), 12));
  });

  it('raises the alarm in the right direction after the pattern changes', () => {
    const rest = 0.3;
    for (const [before, after, direction] of [
      [0.6, 0.15, 'down'],
      [0.3, 0.75, 'up'],
    ] as const) {
      let right = 0;
      for (let seed = 1; seed <= 10; seed += 1) {
        const { alarm } = stream({
          seed,
          outcomes: 8_000,
          rate: (n) => (n <= 300 ? before : after),
          rest,
          threshold: 1_000,
        });
        if (alarm !== null && alarm.direction === direction && alarm.n > 300 && alarm.n < 800) right += 1;
      }
      expect(right).toBeGreaterThanOrEqual(9);
    }
  });

  it('keeps quiet on most stable streams', () => {
    // STATISTICS §6: 16 to 26 % have a false alarm within 2,000 stable outcomes of the pattern; here 1,000.
    let alarms = 0;
    for (let seed = 1; seed <= 40; seed += 1) {
      if (stream({ seed, outcomes: 5_000, rate: () => 0.2, rest: 0.1, threshold: 1_000 }).alarm !== null)
        alarms += 1;
    }
    expect(alarms).toBeLessThanOrEqual(12);
  });

  it('begins anew with an epoch, over a buffer beside other sections', () => {
    const buffer = new ArrayBuffer(8 + changeBytes(2));
    const change = openChange(buffer, 8, 2);
    startChange(change, 1);
    expect(change.nextReferenceN[1]).toBe(50);
    expect([...change.logR.subarray(6)]).toEqual(new Array<number>(6).fill(-Infinity));
    expect([...change.logR.subarray(0, 6), change.nextReferenceN[0]]).toEqual(new Array<number>(7).fill(0));
  });
});

/** A pattern with one outcome in five, watched; `rate` by the number of its outcome. */
function stream(options: {
  readonly seed: number;
  readonly outcomes: number;
  readonly rate: (n: number) => number;
  readonly rest?: number;
  readonly threshold: number;
}) {
  const random = seededRandom(options.seed);
  const state = evidenceState(createEvidence(1));
  startEvidence(state.columns, 0, 0, 0);
  const { gridLogs, n } = state.columns;
  const change = createChange(1);
  const frozen: {
    n: number;
    low: number | undefined;
    high: number | undefined;
    expected: { low: number; high: number };
    logR: number[];
  }[] = [];
  let alarm: { direction: 'up' | 'down'; n: number } | null = null;
  let S = 0;
  for (let N = 1; N <= options.outcomes && alarm === null; N += 1) {
    const own = N % 5 === 0;
    const y = random() < (own ? options.rate((n[0] ?? 0) + 1) : (options.rest ?? 0.3)) ? 1 : 0;
    S += y;
    if (!own || !onMatch(state, 0, y, N, S)) continue;
    const next = change.nextReferenceN[0];
    const subject = { gridLogs, offset: 0, n: n[0] ?? 0 };
    const direction = detectChange(change, 0, state.lastBlock, subject, options.threshold);
    if (direction !== null) alarm = { direction, n: subject.n };
    if (change.nextReferenceN[0] !== next) {
      frozen.push({
        n: subject.n,
        low: change.referenceLow[0],
        high: change.referenceHigh[0],
        expected: logOddsRatioSequence(gridLogs, 0, 0.2),
        logR: [...change.logR],
      });
    }
  }
  return { change, frozen, alarm };
}
