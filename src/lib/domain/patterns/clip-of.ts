import { float64At } from '../read-typed-array.ts';
import { HEADER, type ImageView } from './fold-image.ts';
import type { Clip } from './value-evidence.ts';

/** Between which ends values are compared; null while that is not known. */
export function clipOf({ header }: ImageView): Clip | null {
  if (float64At(header, HEADER.clipped) === 0) return null;
  return { low: float64At(header, HEADER.clipLow), high: float64At(header, HEADER.clipHigh) };
}
