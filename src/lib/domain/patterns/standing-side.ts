import { byteAt } from '../read-typed-array.ts';
import { exactEvidence } from '../statistics/exact-evidence.ts';
import { FLAG } from './flags.ts';
import type { ImageView } from './fold-image.ts';

/** 1: better than the rest, -1: worse. */
export type Side = 1 | -1;

/** The side on which a pattern is confirmed or emerging; the stronger one where it is on both or neither. */
export function sideOf(view: ImageView, index: number): Side {
  const flags = byteAt(view.flags, index);
  const better = (flags & FLAG.confirmedBetter ? 2 : 0) + (flags & FLAG.emergingBetter ? 1 : 0);
  const worse = (flags & FLAG.confirmedWorse ? 2 : 0) + (flags & FLAG.emergingWorse ? 1 : 0);
  if (better !== worse) return better > worse ? 1 : -1;
  const { logEPlus, logEMinus } = exactOf(view, index);
  return logEPlus >= logEMinus ? 1 : -1;
}

/** log E of one side, to the digit. */
export function logEOf(view: ImageView, index: number, side: Side): number {
  const exact = exactOf(view, index);
  return side === 1 ? exact.logEPlus : exact.logEMinus;
}

/** The e-values of a tracked pattern, to the digit. */
export function exactOf(view: ImageView, index: number) {
  return exactEvidence(view.evidence, index, (byteAt(view.flags, index) & FLAG.period) !== 0);
}
