import { RESULTS } from '../outcomes/results.ts';
import { byteAt, float64At } from '../read-typed-array.ts';
import type { EvidenceState } from '../statistics/evidence-state.ts';
import { onMatch } from '../statistics/on-match.ts';
import { onPeriodMatch } from '../statistics/on-period-match.ts';
import { CHUNK_BITS, CHUNK_ROWS, type Columns, META_RESULT, openChunk } from './columns.ts';
import type { EvidenceSubject } from './evidence-subject.ts';
import { holds, itemColumns } from './item-columns.ts';
import { stands } from './standing.ts';
import { type Clip, clipped, feedValue, type ValueEvidence } from './value-evidence.ts';

const SUCCESS = RESULTS.indexOf('success');

/** Where a replay writes; what is null stays as it is. */
export interface ReplayTarget {
  readonly state: EvidenceState | null;
  readonly values: ValueEvidence | null;
}

/** How far a replay has come, and what it has counted on the way. */
export interface ReplayCursor {
  /** The last position read. */
  position: number;
  /** Outcomes of the universe, and its successes. */
  n: number;
  successes: number;
  /** Valued outcomes of the universe, and the sum of their clipped values. */
  valueCount: number;
  valueSum: number;
}

/**
 * Reads the encoded log after `cursor.position` up to `through` and feeds one subject's evidence with it, leaving
 * out whatever was retracted up to `asOf`: how admitted patterns, corrected ones and pairs get theirs.
 *
 * The same entries in the same order as a live run, so replay equals stream bit for bit. Resumable. Cost: 2 to 4
 * ns an entry that does not match, and the evidence of those that do.
 */
export function replayEvidence(
  columns: Columns,
  subject: EvidenceSubject,
  target: ReplayTarget,
  index: number,
  cursor: ReplayCursor,
  through: number,
  asOf: number,
  clip: Clip | null,
): void {
  const { state } = target;
  const values = clip === null ? null : target.values;
  const { universe, period, longestRun } = subject;
  while (cursor.position < through) {
    const chunkAt = cursor.position >>> CHUNK_BITS;
    const chunk = openChunk(columns, chunkAt);
    const { meta } = chunk;
    const rows = values === null ? null : chunk.values;
    const own = itemColumns(chunk.codes, subject);
    const around = universe === null ? null : itemColumns(chunk.codes, universe);
    const outside = universe !== null && universe.outside;
    const end = Math.min(CHUNK_ROWS, through - chunkAt * CHUNK_ROWS);
    let { n, successes } = cursor;
    for (let at = cursor.position & (CHUNK_ROWS - 1); at < end; at += 1) {
      if (around !== null && holds(around, at) === outside) continue;
      if (!stands(chunk, at, asOf)) continue;
      const y = (byteAt(meta, at) & META_RESULT) === SUCCESS ? 1 : 0;
      n += 1;
      successes += y;
      const value = rows === null ? NaN : float64At(rows, at);
      const valued = !Number.isNaN(value);
      if (valued && clip !== null) {
        cursor.valueCount += 1;
        cursor.valueSum += clipped(value, clip);
      }
      if (!holds(own, at)) continue;
      if (state !== null) {
        if (period) onPeriodMatch(state, index, y, n, successes);
        else onMatch(state, index, y, n, successes, longestRun);
      }
      if (valued && values !== null && clip !== null) {
        feedValue(values, index, value, clip, cursor.valueCount, cursor.valueSum);
      }
    }
    cursor.n = n;
    cursor.successes = successes;
    cursor.position = chunkAt * CHUNK_ROWS + end;
  }
}

export function startCursor(after: number): ReplayCursor {
  return { position: after, n: 0, successes: 0, valueCount: 0, valueSum: 0 };
}

/** Valued successes and failures up to `through` that stand as of `asOf`, and the sum of their clipped values. */
export function countClipped(
  columns: Columns,
  through: number,
  asOf: number,
  clip: Clip,
): { readonly count: number; readonly sum: number } {
  let count = 0;
  let sum = 0;
  for (let start = 0; start < through; start += CHUNK_ROWS) {
    const chunk = openChunk(columns, start / CHUNK_ROWS);
    const { values } = chunk;
    if (values === null) continue;
    for (let at = 0; at < Math.min(CHUNK_ROWS, through - start); at += 1) {
      const value = float64At(values, at);
      if (Number.isNaN(value) || !stands(chunk, at, asOf)) continue;
      count += 1;
      sum += clipped(value, clip);
    }
  }
  return { count, sum };
}
