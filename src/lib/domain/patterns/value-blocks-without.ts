import { float64At, int32At } from '../read-typed-array.ts';
import { addBets, BETTING_SIZE } from '../statistics/block-betting.ts';
import { onValueMatch } from '../statistics/on-value-match.ts';
import { createValues, startValues, type ValueColumns } from '../statistics/value-columns.ts';
import { PART_ROWS } from './column-parts.ts';
import { CHUNK_BITS, CHUNK_ROWS, type Columns, openChunk } from './columns.ts';
import { type BlockSequence, PART_WORD_BITS, PART_WORDS, SequenceRows } from './sequence-rows.ts';
import type { StandingRows } from './standing-rows.ts';
import { addValue, type Clip, clipped, startMoments, type ValueEvidence } from './value-evidence.ts';
import { within } from './word-bits.ts';

/** Places of the scratch columns: blocks with the value, and without it. */
const BEFORE = 0;
const AFTER = 1;

/** The values of a part that stand, as bits, and the sum of what they are within the clip. */
interface ValuedPart {
  readonly words: Int32Array;
  /** By row, as recorded; empty where the part has none. */
  readonly values: Float64Array;
  count: number;
  sum: number;
}

/**
 * Takes values out of the evidence on values: BlocksWithout's counterpart, over the outcomes that carry one. Wealth is a
 * product over blocks, so one block or two are exchanged; the mean of a pattern depends on the order of all its values,
 * so that of a pattern which has lost one is read again. During one swap.
 */
export class ValueBlocksWithout {
  readonly #columns: Columns;
  readonly #rows: StandingRows;
  readonly #clip: Clip;
  readonly #parts: (ValuedPart | undefined)[] = [];
  readonly #walk: SequenceRows;
  readonly #scratch = createValues(2);

  constructor(columns: Columns, rows: StandingRows, clip: Clip) {
    this.#columns = columns;
    this.#rows = rows;
    this.#clip = clip;
    this.#walk = new SequenceRows(rows, (part) => this.#part(part).words);
  }

  /** The outcome at a position, with a value as recorded, stands no more. */
  leave(position: number, value: number): void {
    const row = position - 1;
    const part = this.#parts[row >>> (PART_WORD_BITS + 5)];
    if (part === undefined) return;
    const at = (row >>> 5) & (PART_WORDS - 1);
    part.words[at] = int32At(part.words, at) & ~(1 << (row & 31));
    part.count -= 1;
    part.sum -= clipped(value, this.#clip);
  }

  /**
   * Takes the value of the outcome at `position`, which stands and belongs to the sequence, out of the wealth of a place.
   * `count` and `sum`: everybody's values without it. Cost: some .5 µs, and 2 ns a value between two closes.
   */
  takeOut(
    bets: ValueColumns,
    index: number,
    sequence: BlockSequence,
    position: number,
    value: number,
    count: number,
    sum: number,
  ): void {
    const { closedAtCount, closedAtSum } = bets;
    const left = clipped(value, this.#clip);
    this.#walk.restart();
    const from = this.#walk.closeBefore(sequence, position - 1);
    const read = this.#feed(sequence, from, position - 1, left);
    const scratch = this.#scratch;
    addBets(bets.bets, index * BETTING_SIZE, scratch.bets, AFTER * BETTING_SIZE, 1);
    addBets(bets.bets, index * BETTING_SIZE, scratch.bets, BEFORE * BETTING_SIZE, -1);
    if (read === null) {
      closedAtCount[index] = int32At(closedAtCount, index) - 1;
      closedAtSum[index] = float64At(closedAtSum, index) - left;
      return;
    }
    bets.openCount[index] = int32At(scratch.openCount, AFTER);
    bets.openSum[index] = float64At(scratch.openSum, AFTER);
    closedAtCount[index] = count - (read.count - int32At(scratch.closedAtCount, AFTER));
    closedAtSum[index] = sum - (read.sum - float64At(scratch.closedAtSum, AFTER));
  }

  /** The mean and the moments of a place anew. Cost: that of reading the values of its own. */
  readMoments(values: ValueEvidence, index: number, sequence: BlockSequence): void {
    const { after, through } = sequence;
    startMoments(values, index);
    this.#walk.restart();
    for (let at = after >>> 5; at << 5 < through; at += 1) {
      this.#walk.enter(sequence, at >>> PART_WORD_BITS);
      if (this.#walk.isWithoutOwn()) {
        at |= PART_WORDS - 1;
        continue;
      }
      const part = this.#part(at >>> PART_WORD_BITS);
      let own = this.#walk.rowsAt(at) & this.#walk.ownAt(at) & within(at << 5, after, through);
      for (; own !== 0; own &= own - 1) {
        const row = (at << 5) + 31 - Math.clz32(own & -own);
        addValue(values, index, float64At(part.values, row & (PART_ROWS - 1)), this.#clip);
      }
    }
  }

  /**
   * Feeds both sequences from a close on. Null where they meet again; else how many values, and what sum, have been read
   * without the row's.
   */
  #feed(
    sequence: BlockSequence,
    from: number,
    row: number,
    left: number,
  ): { readonly count: number; readonly sum: number } | null {
    const { through } = sequence;
    const scratch = this.#scratch;
    const clip = this.#clip;
    const range = clip.high - clip.low;
    startValues(scratch, BEFORE, 0, 0);
    startValues(scratch, AFTER, 0, 0);
    let count = 0;
    let sum = 0;
    for (let at = from >>> 5; at << 5 < through; at += 1) {
      this.#walk.enter(sequence, at >>> PART_WORD_BITS);
      const part = this.#part(at >>> PART_WORD_BITS);
      if (this.#skips(at, from, through)) {
        count += part.count;
        sum += part.sum;
        at += PART_WORDS - 1;
        continue;
      }
      const own = this.#walk.ownAt(at);
      for (let rows = this.#walk.rowsAt(at) & within(at << 5, from, through); rows !== 0; rows &= rows - 1) {
        const bit = rows & -rows;
        const here = (at << 5) + 31 - Math.clz32(bit);
        const value = clipped(float64At(part.values, here & (PART_ROWS - 1)), clip);
        count += 1;
        sum += value;
        if ((own & bit) === 0) continue;
        const closed = onValueMatch(scratch, BEFORE, value, count, sum, range);
        if (here === row) continue;
        const beyond = here > row;
        const closes = beyond
          ? onValueMatch(scratch, AFTER, value, count - 1, sum - left, range)
          : onValueMatch(scratch, AFTER, value, count, sum, range);
        if (closed && closes && beyond) return null;
      }
    }
    return { count: count - 1, sum: sum - left };
  }

  /** Whether the whole part that begins with a word has only values of the rest. */
  #skips(at: number, from: number, through: number): boolean {
    return (
      (at & (PART_WORDS - 1)) === 0 &&
      from <= at << 5 &&
      (at + PART_WORDS) << 5 <= through &&
      this.#walk.isWithoutOwn()
    );
  }

  #part(part: number): ValuedPart {
    const known = this.#parts[part];
    if (known !== undefined) return known;
    const first = part * PART_ROWS;
    const chunk = openChunk(this.#columns, first >>> CHUNK_BITS);
    const from = first & (CHUNK_ROWS - 1);
    const values = chunk.values?.subarray(from, from + PART_ROWS) ?? new Float64Array();
    const standing = this.#rows.standing(part).words;
    const words = new Int32Array(PART_WORDS);
    let count = 0;
    let sum = 0;
    for (let row = 0; row < values.length; row += 1) {
      const bit = 1 << (row & 31);
      const value = float64At(values, row);
      if (Number.isNaN(value) || (int32At(standing, row >>> 5) & bit) === 0) continue;
      words[row >>> 5] = int32At(words, row >>> 5) | bit;
      count += 1;
      sum += clipped(value, this.#clip);
    }
    const made = { words, values, count, sum };
    this.#parts[part] = made;
    return made;
  }
}
