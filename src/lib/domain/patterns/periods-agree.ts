import { SLOTS } from '../attributes/codes.ts';
import { RESULTS } from '../outcomes/results.ts';
import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { ratesAgree } from '../statistics/homogeneity.ts';
import { cellOf } from './cell-of.ts';
import { CHUNK_BITS, CHUNK_ROWS, type Columns, META_RESULT, openChunk } from './columns.ts';
import { CELL_STRIDE, HEADER, type ImageView } from './fold-image.ts';
import { PERIOD_CODES } from './image-layout.ts';
import { stands } from './standing.ts';

const SUCCESS = RESULTS.indexOf('success');
/** Outcomes that make a period, or a stretch of time, one to compare with. */
const MINIMUM_OUTCOMES = 30;
/** Stretches of equal length that the log is cut into. */
const STRETCHES = 16;
/** The log grows by this factor before the question is asked again. */
const ASK_AGAIN = 1.05;

/**
 * Whether a time-bound pattern can be told from the calendar: for each of its time-bound attributes, what lies
 * outside its period has one common rate, over at least two other periods and over stretches of time, and so has
 * what lies inside it.
 *
 * Period mode is exact only while the base rate is constant (STATISTICS §3); where it drifts, a period differs from
 * the others by the calendar alone. So evidence of periods counts only while either side agrees with itself (χ² at 5 %,
 * looking once: a veto may err towards silence). What nobody can tell apart stays: a base rate that changes exactly with
 * the period, as long as no other period has followed. Cost: a look-up; where the log has grown by 5 %, one pass over it.
 */
export function periodsAgree(view: ImageView, columns: Columns, index: number, position: number): boolean {
  for (let i = 0; i < byteAt(view.depth, index); i += 1) {
    const slot = byteAt(view.slots, index * 3 + i);
    if (byteAt(view.slotPeriod, slot) !== 1) continue;
    if (!agreesWithout(view, columns, slot, byteAt(view.codes, index * 3 + i), position)) return false;
  }
  return true;
}

/** The standing answer for one period, asked again as the log grows. */
function agreesWithout(
  view: ImageView,
  columns: Columns,
  slot: number,
  code: number,
  position: number,
): boolean {
  const place = slot * PERIOD_CODES + code;
  const n = float64At(view.header, HEADER.n);
  if (n >= float64At(view.periodAskAt, place)) {
    view.periodAskAt[place] = Math.ceil(n * ASK_AGAIN);
    const others = otherPeriods(view, slot, code);
    view.periodAgrees[place] = 0;
    if (others.length >= 2 && ratesAgree(others)) {
      const { inside, outside } = stretches(columns, slot, code, position);
      if (ratesAgree(inside) && ratesAgree(outside)) view.periodAgrees[place] = 1;
    }
  }
  return byteAt(view.periodAgrees, place) === 1;
}

/** A changed mode or dictionary asks everything again. */
export function forgetPeriods(view: ImageView): void {
  view.periodAskAt.fill(0, 0, SLOTS * PERIOD_CODES);
}

interface Group {
  n: number;
  successes: number;
}

function otherPeriods(view: ImageView, slot: number, own: number): Group[] {
  const found: Group[] = [];
  for (let code = 1; code <= int32At(view.capacities, slot); code += 1) {
    if (code === own) continue;
    const cell = cellOf(view, [slot], [code]);
    const n = cell < 0 ? 0 : int32At(view.cells, cell * CELL_STRIDE);
    if (n < MINIMUM_OUTCOMES) continue;
    found.push({ n, successes: int32At(view.cells, cell * CELL_STRIDE + 1) });
  }
  return found;
}

/** Standing outcomes with the value and without it, by stretches of the log up to `position`. */
function stretches(
  columns: Columns,
  slot: number,
  own: number,
  position: number,
): { readonly inside: Group[]; readonly outside: Group[] } {
  const empty = (): Group[] => Array.from({ length: STRETCHES }, () => ({ n: 0, successes: 0 }));
  const inside = empty();
  const outside = empty();
  const length = Math.ceil(position / STRETCHES);
  for (let row = 0; row < position;) {
    const stretch = Math.floor(row / length);
    const within = inside[stretch];
    const without = outside[stretch];
    const chunkAt = row >>> CHUNK_BITS;
    const chunk = openChunk(columns, chunkAt);
    const { codes, meta } = chunk;
    const end = Math.min(position, (stretch + 1) * length, (chunkAt + 1) * CHUNK_ROWS);
    for (; row < end; row += 1) {
      const at = row & (CHUNK_ROWS - 1);
      if (!stands(chunk, at, position)) continue;
      const group = byteAt(codes, slot * CHUNK_ROWS + at) === own ? within : without;
      if (group === undefined) continue;
      group.n += 1;
      if ((byteAt(meta, at) & META_RESULT) === SUCCESS) group.successes += 1;
    }
  }
  const enough = ({ n }: Group) => n >= MINIMUM_OUTCOMES;
  return { inside: inside.filter(enough), outside: outside.filter(enough) };
}
