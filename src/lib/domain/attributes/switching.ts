import { SWITCHING_MINIMUM_VALUES, switchShare } from '../statistics/time-bound-attribute.ts';
import { byteAt, int32At, signedByteAt } from '../read-typed-array.ts';
import { MISSING_CODE, OTHER_CODE } from './codes.ts';

/** The share is looked at again when there are so many times more values. */
const CHECK_GROWTH = 1.25;

/** How often an attribute's value has switched from one add that carries it to the next. */
export interface Switching {
  /** Adds that carried a value. */
  readonly seen: number;
  readonly switches: number;
  /** The code of the latest value; 0 before the first. */
  readonly last: number;
  /** Adds with each code, counts[code], for every code there is. What lies beyond the dictionary is one value. */
  readonly counts: readonly number[];
}

export const NO_SWITCHING: Switching = {
  seen: 0,
  switches: 0,
  last: MISSING_CODE,
  counts: new Array<number>(OTHER_CODE + 1).fill(0),
};

/** The share of FINE-PRINT 23 as of now; null while there is too little to say. */
export function shareOf({ switches, counts }: Switching): number | null {
  return switchShare(switches, counts);
}

/** Codes of log entries, `width` an entry; a sign below 0 is a retract. */
export interface CodedRows {
  readonly codes: Uint8Array;
  readonly width: number;
  readonly signs: Int8Array;
}

/** Counts of one column while `take` runs, all 0 before and after: a new one each time would cost more than counting. */
const columnCounts = new Int32Array(OTHER_CODE + 1);

/** The working copy during one batch. */
export class SwitchTally {
  private readonly counts: number[];
  private seen: number;
  private switches: number;
  private last: number;
  private checkAt: number;

  constructor(from: Switching) {
    this.counts = from.counts.slice();
    this.seen = from.seen;
    this.switches = from.switches;
    this.last = from.last;
    this.checkAt = nextCheck(from.seen);
  }

  /**
   * Takes the column of a slot from row `start` to before `end`, retracts left out. True after 200, 250, 313, …
   * values, when the share is to be looked at: seldom, so that looking costs nothing. Give at most `valuesToCheck`
   * rows at once.
   */
  take({ codes, signs, width }: CodedRows, slot: number, start: number, end: number): boolean {
    let values = 0;
    let switches = 0;
    let { last } = this;
    for (let row = start, at = start * width + slot; row < end; row += 1, at += width) {
      const code = byteAt(codes, at);
      if (code === MISSING_CODE || signedByteAt(signs, row) < 0) continue;
      columnCounts[code] = int32At(columnCounts, code) + 1;
      // 0 or 1 without a branch: in a random order a guess would be wrong every other time.
      switches += ((code ^ last) + 127) >> 7;
      last = code;
      values += 1;
    }
    // The first value of all follows nothing.
    this.switches += this.seen === 0 && values > 0 ? switches - 1 : switches;
    this.seen += values;
    this.last = last;
    for (let code = MISSING_CODE + 1; code <= OTHER_CODE; code += 1) {
      this.counts[code] = (this.counts[code] ?? 0) + int32At(columnCounts, code);
      columnCounts[code] = 0;
    }
    if (this.seen < this.checkAt) return false;
    this.checkAt = nextCheck(this.seen);
    return true;
  }

  valuesToCheck(): number {
    return this.checkAt - this.seen;
  }

  finish(): Switching {
    return { seen: this.seen, switches: this.switches, last: this.last, counts: this.counts };
  }
}

/** The first of 200, 250, 313, 392, … values (a quarter more each time) that has not been reached. */
function nextCheck(seen: number): number {
  let check = SWITCHING_MINIMUM_VALUES;
  while (check <= seen) check = Math.ceil(check * CHECK_GROWTH);
  return check;
}
