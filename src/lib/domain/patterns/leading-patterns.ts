import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { pooledZ } from '../statistics/pooled-z.ts';
import { cellOf, trackedItems } from './cell-of.ts';
import { statusOf } from './flags.ts';
import { CELL_STRIDE, type FoldImage, HEADER, type ImageView, openImage } from './fold-image.ts';
import { activePatterns, byStrength, RESTATEMENT_SHARE } from './prune-patterns.ts';

export interface LeadingPattern {
  readonly index: number;
  /** Emerging, confirmed or weakening; else it is here only for its counts. */
  readonly stands: boolean;
}

/**
 * The few patterns to show first: the leaders that pruning has left, confirmed ones before the others, by evidence;
 * and, while there are fewer than `limit`, the largest single-look differences among those that still collect.
 *
 * The latter greedy by |z| among tracked patterns with at least `minimumOutcomes` in the pattern and in the rest,
 * leaving out any whose conditions contain or are contained in those of one already chosen, and closed
 * restatements. Many looked at, best shown: their z overstates. Cost: 4,000 tracked in a few ms.
 */
export function leadingPatterns(
  image: FoldImage,
  options: { readonly limit?: number; readonly minimumOutcomes?: number; readonly minimumZ?: number } = {},
): LeadingPattern[] {
  const { limit = 8 } = options;
  const view = openImage(image);
  const chosen = evidenceLeaders(view)
    .slice(0, limit)
    .map((index): LeadingPattern => ({ index, stands: true }));
  const items = chosen.map(({ index }) => itemSet(view, index));
  if (chosen.length >= limit) return chosen;
  for (const index of byDifference(view, options)) {
    if (chosen.length >= limit) break;
    const own = itemSet(view, index);
    if (items.some((other) => contains(own, other) || contains(other, own))) continue;
    if (restatesParent(view, index)) continue;
    chosen.push({ index, stands: false });
    items.push(own);
  }
  return chosen;
}

/** Every leader: what stands and no other pattern explains, the strongest first. */
export function evidenceLeaders(view: ImageView): number[] {
  return activePatterns(view)
    .filter(({ index }) => int32At(view.explainedBy, index) === 0)
    .sort(byStrength)
    .map(({ index }) => index);
}

/** Collecting patterns by |z|, the largest first. */
function byDifference(
  view: ImageView,
  { minimumOutcomes = 30, minimumZ = 0 }: { readonly minimumOutcomes?: number; readonly minimumZ?: number },
): number[] {
  const ranked: { readonly index: number; readonly z: number }[] = [];
  const n = float64At(view.header, HEADER.n);
  const successes = float64At(view.header, HEADER.successes);
  for (let index = 0; index < view.layout.trackedCap; index += 1) {
    if (byteAt(view.depth, index) === 0 || statusOf(byteAt(view.flags, index)) !== 'collecting') continue;
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
  return ranked.map(({ index }) => index);
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
