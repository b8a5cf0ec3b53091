import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { cellOf } from './cell-of.ts';
import { FLAG, type Status, statusOf } from './flags.ts';
import { CELL_STRIDE, type ImageView, type ValueTotal } from './fold-image.ts';
import { exactOf } from './standing-side.ts';
import { identityOf, type TrackedIdentity, valuesOfCell } from './tracked-patterns.ts';

/** A pattern that has left its place, as it was then; a later birth of the same conjunction is another pattern. */
export interface Departure extends TrackedIdentity {
  readonly n: number;
  readonly successes: number;
  readonly values: ValueTotal | null;
  /** Until then. */
  readonly status: Status;
  readonly pinned: boolean;
  readonly logEPlus: number;
  readonly logEMinus: number;
  readonly bornAt: number;
  readonly epochAt: number;
  /** 0: not in its last epoch. */
  readonly confirmedAt: number;
  /** 0: never. */
  readonly changedAt: number;
}

/** What is known of the pattern at an index, which must be taken, as it leaves. */
export function departureOf(view: ImageView, index: number, position: number): Departure {
  const cell = int32At(view.cell, index);
  const flags = byteAt(view.flags, index);
  return {
    ...identityOf(view, index, position),
    n: int32At(view.cells, cell * CELL_STRIDE),
    successes: int32At(view.cells, cell * CELL_STRIDE + 1),
    values: valuesOfCell(view, cell),
    status: statusOf(flags),
    pinned: (flags & FLAG.pinned) !== 0,
    ...exactOf(view, index),
    bornAt: float64At(view.bornAt, index),
    epochAt: float64At(view.epochAt, index),
    confirmedAt: float64At(view.confirmedAt, index),
    changedAt: float64At(view.changedAt, index),
  };
}

/** Those of a batch whose conjunction is not tracked again at its end; of one that left twice, the last. */
export function goneForGood(view: ImageView, departures: readonly Departure[]): Departure[] {
  const gone = new Map<number | string, Departure>();
  for (const departure of departures) {
    const { slots, codes } = departure;
    const cell = cellOf(view, slots, codes);
    if (cell >= 0 && int32At(view.cells, cell * CELL_STRIDE + 2) > 0) continue;
    gone.set(`${slots.join()}=${codes.join()}`, departure);
  }
  return [...gone.values()];
}
