import { RESULTS } from '../outcomes/results.ts';
import { byteAt, float64At } from '../read-typed-array.ts';
import { type ChunkView, META_RESULT, META_RETRACT } from './columns.ts';

const NEUTRAL = RESULTS.indexOf('neutral');

/** Whether a row is a success or failure that no retract up to `asOf` has taken back. */
export function stands({ meta, retractedBy }: ChunkView, at: number, asOf: number): boolean {
  const row = byteAt(meta, at);
  if ((row & META_RETRACT) !== 0 || (row & META_RESULT) === NEUTRAL) return false;
  if (retractedBy === null) return true;
  const by = float64At(retractedBy, at);
  return by === 0 || by > asOf;
}
