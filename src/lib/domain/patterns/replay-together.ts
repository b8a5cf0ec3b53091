import { SLOTS } from '../attributes/codes.ts';
import { RESULTS } from '../outcomes/results.ts';
import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import type { EvidenceState } from '../statistics/evidence-state.ts';
import { onMatch } from '../statistics/on-match.ts';
import { onPeriodMatch } from '../statistics/on-period-match.ts';
import { CHUNK_BITS, CHUNK_ROWS, type Columns, META_RESULT, openChunk } from './columns.ts';
import { countRow, NEVER, newRowFindings, newRowItems, readItems } from './count-row.ts';
import { longestRunOf } from './evidence-subject.ts';
import { FLAG } from './flags.ts';
import type { ImageView } from './fold-image.ts';
import { stands } from './standing.ts';

const SUCCESS = RESULTS.indexOf('success');

/**
 * Patterns from which on one reading for all is cheaper than one each: it costs what counting an entry does, while a
 * pattern by itself looks at one or two columns.
 */
export const TOGETHER = 400;

/**
 * Feeds the evidence of many patterns with the log up to `through`, without what was retracted up to `asOf`, in one
 * reading: each row finds its patterns in the table of counts, as it did when it came. The same figures as a replay of
 * each. `due`: by index, 1 for those to be fed, which have been started with N and S before the first entry of their
 * epoch at `moveN` and `moveS`. Cost: 1 to 5 µs an entry with 9 to 16 attributes, and the evidence of those that match.
 */
export function replayTogether(
  view: ImageView,
  columns: Columns,
  state: EvidenceState,
  due: Uint8Array,
  through: number,
  asOf: number,
  moveN: number,
  moveS: number,
): void {
  const { capacities, epochAt, flags } = view;
  const row = newRowItems();
  const found = newRowFindings();
  const codes = new Uint8Array(SLOTS);
  let n = moveN;
  let s = moveS;
  for (let start = 0; start < through; start += CHUNK_ROWS) {
    const chunk = openChunk(columns, start >>> CHUNK_BITS);
    const end = Math.min(CHUNK_ROWS, through - start);
    for (let at = 0; at < end; at += 1) {
      if (!stands(chunk, at, asOf)) continue;
      const y = (byteAt(chunk.meta, at) & META_RESULT) === SUCCESS ? 1 : 0;
      n += 1;
      s += y;
      for (let slot = 0; slot < SLOTS; slot += 1) codes[slot] = byteAt(chunk.codes, slot * CHUNK_ROWS + at);
      readItems(row, codes, 0, capacities);
      countRow(view, row, 0, 0, NEVER, NEVER, NEVER, found);
      for (let m = 0; m < found.matchedCount; m += 1) {
        const index = int32At(found.matched, m);
        if (byteAt(due, index) === 0 || float64At(epochAt, index) > start + at) continue;
        if ((byteAt(flags, index) & FLAG.period) !== 0) onPeriodMatch(state, index, y, n, s);
        else onMatch(state, index, y, n, s, longestRunOf(view, index));
      }
    }
  }
}
