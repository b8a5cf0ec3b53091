import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { pooledZ } from '../statistics/pooled-z.ts';
import { cellOf, trackedItems } from './cell-of.ts';
import { CELL_STRIDE, type FoldImage, HEADER, type ImageView, openImage } from './fold-image.ts';

/** A child with at least this share of its parent's outcomes says the same thing in more words. */
const RESTATEMENT_SHARE = 0.95;

export interface LeadingPattern {
  readonly index: number;
  readonly z: number;
}

/**
 * The few patterns to show first, in single-look order; evidence replaces this order.
 *
 * Greedy by |z| among tracked patterns with at least `minimumOutcomes` in the pattern and in the rest,
 * leaving out any whose conditions contain or are contained in those of one already chosen, and closed
 * restatements (n(Y) ≥ .95 n(X) for a Y that only adds conditions to X). Many looked at, best shown: the
 * z of a leader overstates. Cost: 4,000 tracked in a few ms.
 */
export function leadingPatterns(
  image: FoldImage,
  options: { readonly limit?: number; readonly minimumOutcomes?: number; readonly minimumZ?: number } = {},
): LeadingPattern[] {
  const { limit = 8, minimumOutcomes = 30, minimumZ = 0 } = options;
  const view = openImage(image);
  const ranked: LeadingPattern[] = [];
  const n = float64At(view.header, HEADER.n);
  const successes = float64At(view.header, HEADER.successes);
  for (let index = 0; index < view.layout.trackedCap; index += 1) {
    if (byteAt(view.depth, index) === 0) continue;
    const at = int32At(view.cell, index) * CELL_STRIDE;
    const n1 = int32At(view.cells, at);
    const s1 = int32At(view.cells, at + 1);
    if (n1 < minimumOutcomes || n - n1 < minimumOutcomes) continue;
    const z = pooledZ({ n1, s1, n0: n - n1, s0: successes - s1 });
    if (Math.abs(z) >= minimumZ) ranked.push({ index, z });
  }
  ranked.sort(
    (x, y) =>
      Math.abs(y.z) - Math.abs(x.z) || int32At(view.ordinal, x.index) - int32At(view.ordinal, y.index),
  );
  const chosen: LeadingPattern[] = [];
  const items: ReadonlySet<number>[] = [];
  for (const candidate of ranked) {
    if (chosen.length >= limit) break;
    const own = itemSet(view, candidate.index);
    if (items.some((other) => contains(own, other) || contains(other, own))) continue;
    if (restatesParent(view, candidate.index)) continue;
    chosen.push(candidate);
    items.push(own);
  }
  return chosen;
}

function itemSet(view: ImageView, index: number): ReadonlySet<number> {
  const { slots, codes } = trackedItems(view, index);
  return new Set(slots.map((slot, i) => slot * 256 + (codes[i] ?? 0)));
}

function contains(whole: ReadonlySet<number>, part: ReadonlySet<number>): boolean {
  for (const item of part) if (!whole.has(item)) return false;
  return true;
}

/** Immediate parents suffice: a grandparent that is restated has a restated child on the way. */
function restatesParent(view: ImageView, index: number): boolean {
  const { slots, codes } = trackedItems(view, index);
  if (slots.length === 1) return false;
  const n = int32At(view.cells, int32At(view.cell, index) * CELL_STRIDE);
  return slots.some((_, dropped) => {
    const cell = cellOf(
      view,
      slots.filter((_slot, i) => i !== dropped),
      codes.filter((_code, i) => i !== dropped),
    );
    return cell >= 0 && n >= RESTATEMENT_SHARE * int32At(view.cells, cell * CELL_STRIDE);
  });
}
