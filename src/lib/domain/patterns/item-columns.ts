import { byteAt } from '../read-typed-array.ts';
import { CHUNK_ROWS } from './columns.ts';
import type { Items } from './evidence-subject.ts';

/** Columns and codes of up to three items; missing ones repeat the first, which is cheaper than a loop. */
export interface ItemColumns {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  readonly third: Uint8Array;
  readonly code0: number;
  readonly code1: number;
  readonly code2: number;
}

/** The columns of one chunk that a conjunction asks about. */
export function itemColumns(codes: Uint8Array, { slots, codes: wanted }: Items): ItemColumns {
  const place = (i: number) => (i < slots.length ? i : 0);
  const column = (i: number): Uint8Array => {
    const from = (slots[place(i)] ?? 0) * CHUNK_ROWS;
    return codes.subarray(from, from + CHUNK_ROWS);
  };
  return {
    first: column(0),
    second: column(1),
    third: column(2),
    code0: wanted[0] ?? 0,
    code1: wanted[place(1)] ?? 0,
    code2: wanted[place(2)] ?? 0,
  };
}

/** Whether the row at `at` has all the items. */
export function holds({ first, second, third, code0, code1, code2 }: ItemColumns, at: number): boolean {
  return byteAt(first, at) === code0 && byteAt(second, at) === code1 && byteAt(third, at) === code2;
}
