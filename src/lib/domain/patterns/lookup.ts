import type { AttributeSpace } from '../attributes/attribute-space.ts';
import { resolveCondition, type Wording } from '../attributes/resolve-condition.ts';
import { int32At } from '../read-typed-array.ts';
import { cellOf } from './cell-of.ts';
import type { Columns } from './columns.ts';
import { type Condition, type Conjunction, namedConjunction } from './conjunction.ts';
import { itemLabel } from '../attributes/item-label.ts';
import { tupleIndex } from './cube-layout.ts';
import { type Evaluation, evaluate, type PatternCounts } from './evaluate.ts';
import { CELL_STRIDE, type FoldImage, openImage, readTotals } from './fold-image.ts';
import { scanColumns } from './scan-columns.ts';
import { valuesOfCell } from './tracked-patterns.ts';

export const MAX_CONDITIONS = 3;

export interface WantedCondition {
  readonly attribute: string;
  readonly value: string;
}

export type Lookup =
  | {
      readonly kind: 'found';
      readonly conjunction: Conjunction;
      /** From the tables, by reading the log, or known to be nothing. */
      readonly source: 'cube' | 'scan' | 'none';
      readonly trackedIndex: number | null;
      readonly evaluation: Evaluation;
    }
  /** The attribute is stored and shown, but not among the searched ones. */
  | { readonly kind: 'not-searched'; readonly attribute: string }
  | { readonly kind: 'unknown-attribute'; readonly attribute: string }
  /** A number that waits for its bins. */
  | {
      readonly kind: 'collecting';
      readonly attribute: string;
      readonly seen: number;
      readonly needed: number;
    }
  /** The value is beyond the dictionary, counted only together with others. */
  | { readonly kind: 'in-other'; readonly attribute: string; readonly value: string }
  /** Asked by its label: the bins are others than when one was called so. */
  | { readonly kind: 'no-such-bin'; readonly attribute: string; readonly value: string }
  | { readonly kind: 'invalid'; readonly reason: 'no-conditions' | 'too-many-conditions' };

/** What a lookup reads: an image with the space and the columns of the same fold. */
export interface LookupState {
  readonly image: FoldImage;
  readonly space: AttributeSpace;
  readonly columns: Columns;
}

/**
 * The figures of any conjunction of up to three conditions, as of the image's position, tracked or not.
 *
 * The same condition twice is one; two different values of one attribute match nothing. `space` must be
 * that of the image's position. Cost: O(1) from the cube, else one pass over the columns.
 */
export function lookup(
  { image, space, columns }: LookupState,
  where: readonly WantedCondition[],
  wording: Wording = 'asked',
): Lookup {
  if (where.length === 0) return { kind: 'invalid', reason: 'no-conditions' };
  const conditions: Condition[] = [];
  let impossible = false;
  for (const { attribute, value } of where) {
    const resolved = resolveCondition(space, attribute, value, wording);
    switch (resolved.kind) {
      case 'not-searched':
      case 'unknown-attribute':
        return { kind: resolved.kind, attribute };
      case 'collecting':
        return { kind: 'collecting', attribute, seen: resolved.seen, needed: resolved.needed };
      case 'in-other':
      case 'no-such-bin':
        return { kind: resolved.kind, attribute, value };
      case 'absent-value':
        impossible = true;
        conditions.push({ attribute, value, slot: resolved.slot, code: 0 });
        break;
      case 'item': {
        const { slot, code } = resolved;
        if (conditions.some((one) => one.slot === slot && one.code === code)) break;
        if (conditions.some((one) => one.slot === slot)) impossible = true;
        const known = space.searched[slot];
        conditions.push({
          attribute,
          value: known === undefined ? value : itemLabel(known, code),
          slot,
          code,
        });
      }
    }
  }
  if (conditions.length > MAX_CONDITIONS) return { kind: 'invalid', reason: 'too-many-conditions' };
  const conjunction = namedConjunction(conditions);
  const totals = readTotals(image);
  if (impossible) {
    const evaluation = evaluate({ n: 0, successes: 0 }, totals);
    return { kind: 'found', conjunction, source: 'none', trackedIndex: null, evaluation };
  }
  const ordered = [...conditions].sort((x, y) => x.slot - y.slot);
  const counted = countOf(
    image,
    columns,
    ordered.map(({ slot }) => slot),
    ordered.map(({ code }) => code),
  );
  const { counts, source, trackedIndex } = counted;
  return { kind: 'found', conjunction, source, trackedIndex, evaluation: evaluate(counts, totals) };
}

/** The counts of slots (ascending) and codes, from the cube where it has them. */
export function countOf(
  image: FoldImage,
  columns: Columns,
  slots: readonly number[],
  codes: readonly number[],
): {
  readonly counts: PatternCounts;
  readonly source: 'cube' | 'scan' | 'none';
  readonly trackedIndex: number | null;
} {
  const view = openImage(image);
  const cell = cellOf(view, slots, codes);
  if (cell >= 0) {
    const tracked = int32At(view.cells, cell * CELL_STRIDE + 2);
    const counts = {
      n: int32At(view.cells, cell * CELL_STRIDE),
      successes: int32At(view.cells, cell * CELL_STRIDE + 1),
      values: valuesOfCell(view, cell),
    };
    return { counts, source: 'cube', trackedIndex: tracked > 0 ? tracked - 1 : null };
  }
  // A code beyond a table that exists: only neutral outcomes have carried it so far.
  if (int32At(view.bases, tupleIndex(slots)) >= 0) {
    return { counts: { n: 0, successes: 0 }, source: 'none', trackedIndex: null };
  }
  const totals = readTotals(image);
  const scanned = scanColumns(columns, totals.position, slots, codes);
  const counts = { ...scanned, values: totals.values === null ? null : scanned.values };
  return { counts, source: 'scan', trackedIndex: null };
}
