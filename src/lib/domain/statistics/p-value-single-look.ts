import { erfc } from './erfc.ts';
import { fisherExact } from './fisher-exact.ts';
import { pooledZ } from './pooled-z.ts';
import { requireCounts } from './require-counts.ts';
import type { TwoByTwo } from './two-by-two.ts';

const SMALL_CELL = 10;

export interface SingleLook {
  readonly p: number;
  /** Pooled z, given with either method: it orders and shows the direction. */
  readonly z: number;
  readonly method: 'mid-p' | 'z';
}

/**
 * The p-value of pattern against rest for somebody who looks once, now. Display only: looked at again and
 * again it errs almost surely, so no alert may rest on it.
 *
 * Variant (STATISTICS §2): Fisher's two-sided mid-p when the smallest expected cell is below 10, else the
 * pooled z without continuity correction. p is 1 when nothing can be compared. Cost: O(1), or O(smallest
 * margin) logarithms for mid-p.
 * Worked number: 56/70 against 48/80: z 2.6501719513, p .0080450814, method z.
 */
export function pValueSingleLook(table: TwoByTwo): SingleLook {
  const { n1, s1, n0, s0 } = table;
  requireCounts('pValueSingleLook', s1, n1);
  requireCounts('pValueSingleLook', s0, n0);
  const z = pooledZ(table);
  const total = n1 + n0;
  const successes = s1 + s0;
  if (n1 === 0 || n0 === 0) return { p: 1, z, method: 'mid-p' };
  const smallest = (Math.min(n1, n0) * Math.min(successes, total - successes)) / total;
  if (smallest < SMALL_CELL) return { p: fisherExact(table).midP, z, method: 'mid-p' };
  return { p: erfc(Math.abs(z) / Math.SQRT2), z, method: 'z' };
}
