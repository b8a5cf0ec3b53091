import { int32At } from '../read-typed-array.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import { closeBlock } from '../statistics/close-block.ts';
import { createEvidence } from '../statistics/evidence-columns.ts';
import { type EvidenceState, evidenceState } from '../statistics/evidence-state.ts';
import { type BlockSequence, PART_WORD_BITS, PART_WORDS, SequenceRows } from './sequence-rows.ts';
import type { StandingRows } from './standing-rows.ts';
import { bitCount, within } from './word-bits.ts';

/** Places of the scratch columns: blocks with the row, and without it. */
const BEFORE = 0;
const AFTER = 1;

/**
 * Which blocks are no more, and which there are instead, when one outcome is taken out of all those that stand.
 *
 * A block closes at an outcome of the pattern that follows one of the rest, so an outcome has a say in the block that
 * holds it and the next at most: from the last close before it both sequences are fed, with closeBlock, until both
 * close at the same outcome, after which they are one again. Cost: the words of the log between, some 100 to 300 ns
 * for patterns of a hundredth to a third of the outcomes; where a pattern's outcomes lie far apart, 10 ns for each 4,096
 * entries between.
 */
export class BlocksWithout {
  /** x, kP, kC, s of each block. */
  readonly gone: number[] = [];
  readonly come: number[] = [];
  /** Whether the row was an outcome of the pattern. */
  isOwn = false;
  /** What comes is Σ kP·kC/(kP + kC) more than what goes. */
  blockSum = 0;
  /** Where the blocks do not meet again: outcomes since the last close, of the pattern and of the rest. */
  readonly open = { n: 0, successes: 0, restN: 0, restSuccesses: 0 };
  readonly #walk: SequenceRows;
  readonly #scratch: EvidenceState;

  constructor(rows: StandingRows, increments: BlockIncrements) {
    this.#walk = new SequenceRows(rows, null);
    this.#scratch = evidenceState(createEvidence(2), increments, false);
  }

  /**
   * The row at `position`, which stands, belongs to the sequence, and has `y` successes, is taken out. True where the blocks meet
   * again; false where none closes any more, and `open` says what is left.
   */
  takeOut(sequence: BlockSequence, position: number, y: number): boolean {
    const { after, through, longestRun } = sequence;
    this.#walk.restart();
    const from = this.#walk.closeBefore(sequence, position - 1);
    return this.#feed(sequence, from, after, through, longestRun, position - 1, y);
  }

  #feed(
    sequence: BlockSequence,
    from: number,
    after: number,
    through: number,
    longestRun: number,
    row: number,
    y: number,
  ): boolean {
    const { lastBlock, columns } = this.#scratch;
    this.gone.length = 0;
    this.come.length = 0;
    this.isOwn = false;
    for (let one = BEFORE; one <= AFTER; one += 1) {
      columns.openN[one] = 0;
      columns.openSuccesses[one] = 0;
      columns.closedAtN[one] = 0;
      columns.closedAtSuccesses[one] = 0;
      columns.blockSum[one] = 0;
    }
    let n = 0;
    let successes = 0;
    let met = false;
    for (let at = from >>> 5; !met && at << 5 < through; at += 1) {
      this.#walk.enter(sequence, at >>> PART_WORD_BITS);
      if (this.#skips(at, from, through)) {
        n += this.#walk.standing.count;
        successes += this.#walk.standing.successes;
        at += PART_WORDS - 1;
        continue;
      }
      const rows = this.#walk.rowsAt(at) & within(at << 5, from, through);
      const wins = rows & int32At(this.#walk.standing.wins, at & (PART_WORDS - 1));
      for (let own = rows & this.#walk.ownAt(at); own !== 0 && !met; own &= own - 1) {
        const bit = own & -own;
        const upTo = bit | (bit - 1);
        const N = n + bitCount(rows & upTo);
        const S = successes + bitCount(wins & upTo);
        const success = (wins & bit) === 0 ? 0 : 1;
        const here = (at << 5) + 31 - Math.clz32(bit);
        const closed = closeBlock(this.#scratch, BEFORE, success, N, S, longestRun);
        if (closed) this.gone.push(lastBlock.x, lastBlock.kP, lastBlock.kC, lastBlock.s);
        if (here === row) {
          this.isOwn = true;
          continue;
        }
        const beyond = here > row ? 1 : 0;
        if (!closeBlock(this.#scratch, AFTER, success, N - beyond, S - beyond * y, longestRun)) continue;
        this.come.push(lastBlock.x, lastBlock.kP, lastBlock.kC, lastBlock.s);
        met = closed && beyond === 1;
      }
      n += bitCount(rows);
      successes += bitCount(wins);
    }
    this.blockSum = (columns.blockSum[AFTER] ?? 0) - (columns.blockSum[BEFORE] ?? 0);
    if (met) return true;
    const { open } = this;
    open.n = int32At(columns.openN, AFTER);
    open.successes = int32At(columns.openSuccesses, AFTER);
    open.restN = n - 1 - int32At(columns.closedAtN, AFTER) - open.n;
    open.restSuccesses = successes - y - int32At(columns.closedAtSuccesses, AFTER) - open.successes;
    return false;
  }

  /** Whether the whole part that begins with a word has only outcomes of the rest, all of them in the universe. */
  #skips(at: number, from: number, through: number): boolean {
    return (
      (at & (PART_WORDS - 1)) === 0 &&
      !this.#walk.hasUniverse &&
      from <= at << 5 &&
      (at + PART_WORDS) << 5 <= through &&
      this.#walk.isWithoutOwn()
    );
  }
}
