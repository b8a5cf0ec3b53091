import { describe, expect, it } from 'vitest';
import { PHASED_RUN } from '../../../../src/lib/domain/statistics/close-block.ts';
import { createEvidence } from '../../../../src/lib/domain/statistics/evidence-columns.ts';
import { evidenceState } from '../../../../src/lib/domain/statistics/evidence-state.ts';
import { onMatch } from '../../../../src/lib/domain/statistics/on-match.ts';

/** A pattern's own run of outcomes, all failures, then a run of the rest, all successes, then one more of its own. */
function twoRuns(run: number, longestRun?: number) {
  const columns = createEvidence(1);
  const state = evidenceState(columns);
  let n = 0;
  for (let i = 0; i < run; i += 1) onMatch(state, 0, 0, (n += 1), 0, longestRun);
  n += run;
  const closed = onMatch(state, 0, 0, n + 1, run, longestRun);
  return { closed, block: state.lastBlock, columns };
}

describe('a block', () => {
  it('holds a run of any length', () => {
    const { closed, block } = twoRuns(1_000);
    expect(closed).toBe(true);
    expect(block).toEqual({ x: 0, kP: 1_001, kC: 1_000, s: 1_000 });
  });

  it('of an attribute that came in phases begins again after its longest run, so that two times are not compared', () => {
    const { closed, block, columns } = twoRuns(1_000, PHASED_RUN);
    expect(closed).toBe(true);
    expect(block.kP).toBeLessThanOrEqual(PHASED_RUN);
    expect(block).toEqual({ x: 0, kP: (1_000 % PHASED_RUN) + 1, kC: 1_000, s: 1_000 });
    // Every outcome still counts.
    expect(columns.n[0]).toBe(1_001);
  });

  it('is not cut where the rest comes in between in time', () => {
    const shorter = twoRuns(PHASED_RUN - 1, PHASED_RUN);
    expect(shorter.block).toEqual(twoRuns(PHASED_RUN - 1).block);
  });
});
