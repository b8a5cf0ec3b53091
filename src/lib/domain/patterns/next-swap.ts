import type { SwapDecision } from '../attributes/setting-entry.ts';
import { float64At } from '../read-typed-array.ts';
import type { Columns } from './columns.ts';
import { type FoldImage, HEADER, openImage } from './fold-image.ts';
import { retractsAfter } from './retracted-rows.ts';

/**
 * Retracts that one swap takes out one after the other at most, so that the batch that holds it stays short: 2 to 5 ms each
 * with 4,000 tracked patterns.
 */
export const SWAP_RETRACTS = 32;
/** From this share of all outcomes on it is cheaper to read the log again, whatever its length. */
const RECOUNTED_SHARE = 1 / 200;
/** Outcomes up to which one swap may do that: some .02 ms each. */
const MOST_RECOUNTED = 16_384;

/** Whether it is better to read the log again than to take so many retracts one after the other out of the evidence. */
export function isRecounted(retracts: number, outcomes: number): boolean {
  return retracts > 0 && retracts > outcomes * RECOUNTED_SHARE && outcomes <= MOST_RECOUNTED;
}

/** Up to which retract a swap goes, and whether the log is read again for it. */
export type NextSwap = Required<SwapDecision['payload']>;

/** The swap that is due; null where all evidence is without what was taken back. */
export function nextSwap(image: FoldImage, columns: Columns): NextSwap | null {
  const { header } = openImage(image);
  const after = float64At(header, HEADER.retractsThrough);
  const through = float64At(header, HEADER.lastRetract);
  if (through <= after) return null;
  const all = retractsAfter(columns, after, through);
  const recount = isRecounted(all.length, float64At(header, HEADER.evidenceN));
  const last = all[recount ? all.length - 1 : Math.min(all.length, SWAP_RETRACTS) - 1];
  return last === undefined ? null : { through: last, recount };
}
