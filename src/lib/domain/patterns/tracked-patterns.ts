import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { trackedItems } from './cell-of.ts';
import {
  CELL_STRIDE,
  type FoldImage,
  type ImageView,
  openImage,
  type ValueTotal,
  valuesAreExact,
} from './fold-image.ts';
import { patternPlaces } from './image-layout.ts';

/** Who a tracked pattern is: what outlives its index, which is given away again after an eviction. */
export interface TrackedIdentity {
  readonly index: number;
  /** Number of its birth in this workspace, from 1. */
  readonly ordinal: number;
  /** Number of its birth among those with as many conditions, from 1. */
  readonly depthOrdinal: number;
  readonly slots: readonly number[];
  readonly codes: readonly number[];
  /** Of a birth or a stay: the position it was born at. Of an eviction: the position it left at. */
  readonly position: number;
}

export interface TrackedPattern extends TrackedIdentity {
  readonly n: number;
  readonly successes: number;
  /** Null without values, or where their sum is no longer exact. */
  readonly values: ValueTotal | null;
}

export function identityOf(view: ImageView, index: number, position: number): TrackedIdentity {
  return {
    index,
    ordinal: int32At(view.ordinal, index),
    depthOrdinal: int32At(view.depthOrdinal, index),
    ...trackedItems(view, index),
    position,
  };
}

export function valuesOfCell(view: ImageView, cell: number): ValueTotal | null {
  if (!view.layout.values || !valuesAreExact(view.header)) return null;
  return { count: int32At(view.valueCounts, cell), sum: float64At(view.valueSums, cell) };
}

/** The pattern tracked at an index, or null where the index is free. */
export function readTracked(view: ImageView, index: number): TrackedPattern | null {
  if (index < 0 || index >= patternPlaces(view.layout) || byteAt(view.depth, index) === 0) return null;
  const cell = int32At(view.cell, index);
  return {
    ...identityOf(view, index, float64At(view.bornAt, index)),
    n: int32At(view.cells, cell * CELL_STRIDE),
    successes: int32At(view.cells, cell * CELL_STRIDE + 1),
    values: valuesOfCell(view, cell),
  };
}

export function trackedPattern(image: FoldImage, index: number): TrackedPattern | null {
  return readTracked(openImage(image), index);
}

/** The tracked patterns at these indexes, or all; free indexes are left out. Cost: about 1 µs each. */
export function trackedPatterns(image: FoldImage, indexes?: Iterable<number>): TrackedPattern[] {
  const view = openImage(image);
  const found: TrackedPattern[] = [];
  for (const index of indexes ?? Array.from({ length: patternPlaces(image.layout) }, (_, i) => i)) {
    const pattern = readTracked(view, index);
    if (pattern !== null) found.push(pattern);
  }
  return found;
}
