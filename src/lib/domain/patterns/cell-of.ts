import { byteAt, int32At } from '../read-typed-array.ts';
import { type Tuple, tupleIndex } from './cube-layout.ts';
import type { ImageView } from './fold-image.ts';

/** The cell of a conjunction; -1 when its tuple has no table or a code lies beyond the table. */
export function cellOf(view: ImageView, slots: Tuple, codes: readonly number[]): number {
  const base = int32At(view.bases, tupleIndex(slots));
  if (base < 0) return -1;
  let offset = 0;
  for (let i = 0; i < slots.length; i += 1) {
    const capacity = int32At(view.capacities, slots[i] ?? 0);
    const code = codes[i] ?? 0;
    if (code < 1 || code > capacity) return -1;
    offset = offset * capacity + code - 1;
  }
  return base + offset;
}

/** The codes of the offset-th cell of a tuple's table. */
export function codesOfCell(view: ImageView, slots: Tuple, offset: number): number[] {
  const codes: number[] = [];
  let rest = offset;
  for (const slot of [...slots].reverse()) {
    const capacity = int32At(view.capacities, slot);
    codes.unshift((rest % capacity) + 1);
    rest = Math.floor(rest / capacity);
  }
  return codes;
}

/** Slots and codes of a tracked pattern. */
export function trackedItems(view: ImageView, index: number): { slots: number[]; codes: number[] } {
  const slots: number[] = [];
  const codes: number[] = [];
  for (let i = 0; i < byteAt(view.depth, index); i += 1) {
    slots.push(byteAt(view.slots, index * 3 + i));
    codes.push(byteAt(view.codes, index * 3 + i));
  }
  return { slots, codes };
}
