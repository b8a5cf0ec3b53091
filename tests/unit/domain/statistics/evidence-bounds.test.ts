import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createEvidence,
  QUIET_LOG_E,
  startEvidence,
} from '../../../../src/lib/domain/statistics/evidence-columns.ts';
import { evidenceState } from '../../../../src/lib/domain/statistics/evidence-state.ts';
import { exactEvidence } from '../../../../src/lib/domain/statistics/exact-evidence.ts';
import { addBlock, onMatch } from '../../../../src/lib/domain/statistics/on-match.ts';
import { onPeriodMatch } from '../../../../src/lib/domain/statistics/on-period-match.ts';
import {
  mostUniversalInference,
  universalInference,
} from '../../../../src/lib/domain/statistics/universal-inference.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

const ROUNDING = 1e-11;

/** What every rule may ask of the stored bounds, against the exact figures and their running largest. */
function expectSound(
  columns: ReturnType<typeof createEvidence>,
  exact: { logEPlus: number; logEMinus: number },
  largest: number,
) {
  const better = columns.mostLogEPlus[0] ?? NaN;
  const worse = columns.mostLogEMinus[0] ?? NaN;
  expect(better).toBeGreaterThanOrEqual(exact.logEPlus - ROUNDING);
  expect(worse).toBeGreaterThanOrEqual(exact.logEMinus - ROUNDING);
  if (better > QUIET_LOG_E) expect(better).toBe(exact.logEPlus);
  if (worse > QUIET_LOG_E) expect(worse).toBe(exact.logEMinus);
  expect(columns.maxLogETwoSided[0]).toBe(largest);
}

describe('the stored bounds of evidence', () => {
  it('are never below the exact figures, exact where a rule asks, and miss no largest E²', () => {
    for (const [seed, rate, lift] of [
      [1, 0.1, 1],
      [2, 0.1, 1.6],
      [3, 0.5, 0.6],
      [4, 0.02, 3],
      [5, 0.9, 1.05],
    ] as const) {
      const random = seededRandom(seed);
      const state = evidenceState(createEvidence(1));
      let largest = 0;
      let skipped = 0;
      for (let N = 1, S = 0; N <= 6_000; N += 1) {
        const inPattern = random() < 0.25;
        const y = random() < rate * (inPattern ? lift : 1) ? 1 : 0;
        S += y;
        if (!inPattern || !onMatch(state, 0, y, N, S)) continue;
        const exact = exactEvidence(state.columns, 0, false);
        largest = Math.max(largest, exact.logETwoSided);
        if (state.columns.mostLogEPlus[0] !== exact.logEPlus) skipped += 1;
        expectSound(state.columns, exact, largest);
      }
      if (lift === 1) expect(skipped).toBeGreaterThan(50);
    }
  });

  it('hold for groups of the same time, whatever they look like', () => {
    const groups = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat(18), fc.nat(9)),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(groups, (blocks) => {
        const state = evidenceState(createEvidence(1));
        let largest = 0;
        for (const [kP, kC, wantedS, wantedX] of blocks) {
          const s = Math.min(wantedS, kP + kC);
          const x = Math.min(Math.max(wantedX, s - kC, 0), Math.min(kP, s));
          addBlock(state, 0, x, kP, kC, s);
          const exact = exactEvidence(state.columns, 0, false);
          if (s > 0 && s < kP + kC) largest = Math.max(largest, exact.logETwoSided);
          expectSound(state.columns, exact, largest);
        }
      }),
    );
  });

  it('are sound in period mode too', () => {
    for (const [seed, rate, lift] of [
      [1, 0.1, 1],
      [2, 0.1, 2],
      [3, 0.4, 0.7],
    ] as const) {
      const random = seededRandom(seed);
      const state = evidenceState(createEvidence(1));
      startEvidence(state.columns, 0, 0, 0);
      let largest = 0;
      let skipped = 0;
      for (let N = 1, S = 0; N <= 4_000; N += 1) {
        const inPattern = Math.floor(N / 500) % 3 === 1;
        const y = random() < rate * (inPattern ? lift : 1) ? 1 : 0;
        S += y;
        if (!inPattern) continue;
        onPeriodMatch(state, 0, y, N, S);
        const exact = exactEvidence(state.columns, 0, true);
        largest = Math.max(largest, exact.logETwoSided);
        if (state.columns.mostLogEPlus[0] !== exact.logEPlus) skipped += 1;
        expectSound(state.columns, exact, largest);
      }
      if (lift === 1) expect(skipped).toBeGreaterThan(50);
    }
  });

  it('bound universal inference for any four counts', () => {
    const counts = fc.integer({ min: 0, max: 20_000 }).chain((n) => fc.tuple(fc.constant(n), fc.nat(n)));
    fc.assert(
      fc.property(counts, counts, ([n1, s1], [n0, s0]) => {
        const { logEPlus, logEMinus } = universalInference({ n1, s1, n0, s0 });
        const most = mostUniversalInference(n1, s1, n0, s0);
        expect(Math.max(logEPlus, logEMinus)).toBeLessThanOrEqual(most + 1e-9 * (1 + Math.abs(most)));
      }),
      { numRuns: 3_000 },
    );
    expect(mostUniversalInference(100, 30, 100, 30)).toBeCloseTo(-4.61, 2);
  });
});
