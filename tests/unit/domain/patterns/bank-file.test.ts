import { beforeAll, describe, expect, it } from 'vitest';
import { BANK_ATTRIBUTES, bankIsMissing, bankOutcomes, bankTruth } from '../../../support/bank-file.ts';
import type { LogFacts } from '../../../../src/lib/domain/outcomes/log-facts.ts';
import { statusOf } from '../../../../src/lib/domain/patterns/flags.ts';
import { HEADER, openImage, readTotals } from '../../../../src/lib/domain/patterns/fold-image.ts';
import { evidenceLeaders, leadingPatterns } from '../../../../src/lib/domain/patterns/leading-patterns.ts';
import { activePatterns } from '../../../../src/lib/domain/patterns/prune-patterns.ts';
import { lookup } from '../../../../src/lib/domain/patterns/lookup.ts';
import { conjunctionOf } from '../../../../src/lib/domain/patterns/conjunction.ts';
import { trackedPattern } from '../../../../src/lib/domain/patterns/tracked-patterns.ts';
import { logErfc } from '../../../../src/lib/domain/statistics/log-erfc.ts';
import { add, type Fold, foldLog } from '../fold-scripts.ts';

function bankLog(): LogFacts[] {
  return bankOutcomes().map(({ result, attributes }, i) =>
    add(i + 1, result, attributes as Record<string, string>),
  );
}

function within(actual: number, expected: number, relative = 1e-9): boolean {
  return Math.abs(actual - expected) <= Math.abs(expected) * relative;
}

describe.skipIf(bankIsMissing)(`the bank file, folded (${bankIsMissing ?? 'present'})`, () => {
  let fold: Fold;
  beforeAll(() => {
    fold = foldLog(bankLog(), () => 5_000);
  }, 120_000);

  it('has the totals of the truth', () => {
    expect(readTotals(fold.image)).toMatchObject({
      position: 45_211,
      n: 45_211,
      successes: 5_289,
      tuplesOutside: 0,
    });
    expect(fold.space.searched.map(({ key }) => key).sort()).toEqual([...BANK_ATTRIBUTES].sort());
  });

  it('equals every cell of the truth: counts exactly, Wilson, z, p and lift to 1e-9', () => {
    const cells = bankTruth();
    expect(cells.length).toBeGreaterThan(200);
    const wrong: unknown[] = [];
    for (const cell of cells) {
      const where = Object.entries(cell.where).map(([attribute, value]) => ({ attribute, value }));
      const found = lookup(fold, where);
      if (found.kind !== 'found') throw new Error(JSON.stringify(found));
      const { n, successes, wilson, z, pValueSingleLook, method, rate, rest, lift } = found.evaluation;
      const log10 = logErfc(Math.abs(z) / Math.SQRT2) / Math.LN10;
      const equal =
        n === cell.n &&
        successes === cell.successes &&
        within(wilson.low, cell.wilson95[0]) &&
        within(wilson.high, cell.wilson95[1]) &&
        // The truth prints twelve digits of z; near 0 that is an absolute 1e-12.
        (within(z, cell.z) || Math.abs(z - cell.z) < 1e-11) &&
        (within(log10, cell.log10_p, 2e-9) || Math.abs(log10 - cell.log10_p) < 1e-11) &&
        // Its p is always that of z; ours is mid-p where a cell is small, and 0 below 1e-308.
        (method === 'mid-p' || within(pValueSingleLook, 10 ** cell.log10_p, 1e-6) || cell.log10_p < -307) &&
        // Its lift compares with everybody, ours with the rest.
        within((rate ?? NaN) / (5_289 / 45_211), cell.lift) &&
        within(lift ?? NaN, (rate ?? NaN) / (rest.rate ?? NaN));
      if (!equal) wrong.push({ cell, got: found.evaluation });
    }
    expect(wrong).toEqual([]);
  });

  it('tracks thousands of conjunctions, and leads with some that do not repeat each other', () => {
    expect(readTotals(fold.image).tracked).toBeGreaterThan(2_500);
    const leaders = leadingPatterns(fold.image).map(({ index, stands }) => {
      const pattern = trackedPattern(fold.image, index);
      if (pattern === null) throw new Error('a leader is tracked');
      return { stands, label: conjunctionOf(fold.space, pattern.slots, pattern.codes).label };
    });
    expect(leaders).toHaveLength(8);
    // What stands leads; behind it comes the largest single-look difference.
    expect(leaders.map(({ stands }) => stands)).toEqual([1, 1, 1, 1, 1, 0, 0, 0].map(Boolean));
    expect(leaders.map(({ label }) => label)).toContain('poutcome success');
    expect(leaders.filter(({ label }) => label.includes('poutcome success'))).toHaveLength(1);
  });

  it('confirms hundreds, folds most of them under others, and lets no month stand by the calendar alone', () => {
    const view = openImage(fold.image);
    expect(view.header[HEADER.rejections]).toBeGreaterThan(100);
    const active = activePatterns(view);
    const leaders = evidenceLeaders(view);
    expect(active.length).toBeGreaterThan(4 * leaders.length);
    const month = fold.space.searched.findIndex(({ key }) => key === 'month');
    expect(view.slotPeriod[month]).toBe(1);
    const timed = active.filter(({ index }) => trackedPattern(fold.image, index)?.slots.includes(month));
    expect(timed.filter(({ index }) => statusOf(view.flags[index] ?? 0) === 'confirmed')).toEqual([]);
  });
});
