import { float64At } from '../read-typed-array.ts';
import type { Columns } from './columns.ts';
import { type FoldImage, HEADER, openImage } from './fold-image.ts';
import { retractAfter } from './retracted-rows.ts';

/**
 * Retracts that one swap takes out of the evidence at most, so that the batch that holds it stays short: some 2 ms each
 * with 4,000 tracked patterns.
 */
export const SWAP_RETRACTS = 32;

/** Up to which retract the next swap goes; null where all evidence is without what was taken back. */
export function nextSwap(image: FoldImage, columns: Columns): number | null {
  const { header } = openImage(image);
  const after = float64At(header, HEADER.retractsThrough);
  return retractAfter(columns, after, float64At(header, HEADER.position), SWAP_RETRACTS);
}
