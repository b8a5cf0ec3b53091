import { int32At } from '../read-typed-array.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import { closeBlock } from '../statistics/close-block.ts';
import { createEvidence } from '../statistics/evidence-columns.ts';
import { type EvidenceState, evidenceState } from '../statistics/evidence-state.ts';
import { PART_ROWS } from './column-parts.ts';
import type { Items } from './evidence-subject.ts';
import type { PartBits, StandingPart, StandingRows } from './standing-rows.ts';
import { bitCount, within } from './word-bits.ts';

/** Places of the scratch columns: blocks with the row, and without it. */
const BEFORE = 0;
const AFTER = 1;
const PART_WORDS = PART_ROWS / 32;
const PART_WORD_BITS = Math.log2(PART_WORDS);

/** A conjunction that the rows of a universe have; `outside`: that they do not have. */
export interface Term extends Items {
  readonly outside: boolean;
}

/** A sequence of blocks of which a row is taken out. */
export interface BlockSequence {
  readonly own: Items;
  /** Of all outcomes only those that meet every term belong to it. */
  readonly universe: readonly Term[];
  readonly longestRun: number;
  /** Positions after which it begins, and up to which it has been fed. */
  readonly after: number;
  readonly through: number;
}

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
  readonly #rows: StandingRows;
  readonly #scratch: EvidenceState;
  #part = -1;
  #standing: StandingPart;
  /** The bits of three items; those that stand in the place of missing ones. */
  #own0: PartBits;
  #own1: PartBits;
  #own2: PartBits;
  /** Rows that are in the universe, where not all that stand are. */
  readonly #universe = new Int32Array(PART_WORDS);
  #hasUniverse = false;

  constructor(rows: StandingRows, increments: BlockIncrements) {
    this.#rows = rows;
    this.#scratch = evidenceState(createEvidence(2), increments, false);
    this.#standing = {
      words: new Int32Array(PART_WORDS),
      wins: new Int32Array(PART_WORDS),
      count: 0,
      successes: 0,
    };
    this.#own0 = this.#own1 = this.#own2 = this.#standing;
  }

  /**
   * The row at `position`, which stands, belongs to the sequence, and has `y` successes, is taken out. True where the blocks meet
   * again; false where none closes any more, and `open` says what is left.
   */
  takeOut(sequence: BlockSequence, position: number, y: number): boolean {
    const { after, through, longestRun } = sequence;
    this.#part = -1;
    const from = this.#closeBefore(sequence, position - 1);
    return this.#feed(sequence, from, after, through, longestRun, position - 1, y);
  }

  /** The row after the last close before `row`, or the first of the sequence. */
  #closeBefore(sequence: BlockSequence, row: number): number {
    const { after } = sequence;
    // An outcome of the pattern; it closed a block if one of the rest comes before it.
    let candidate = -1;
    for (let at = row >>> 5; at >= after >>> 5; at -= 1) {
      this.#enter(sequence, at >>> PART_WORD_BITS);
      if (candidate < 0 && this.#isWithoutOwn()) {
        at &= ~(PART_WORDS - 1);
        continue;
      }
      let rows = this.#rowsAt(at) & within(at << 5, after, row);
      for (;;) {
        const wanted = candidate < 0 ? rows & this.#ownAt(at) : rows;
        if (wanted === 0) break;
        const top = 31 - Math.clz32(wanted);
        if (candidate >= 0 && (this.#ownAt(at) & (1 << top)) === 0) return candidate + 1;
        candidate = (at << 5) + top;
        rows &= (1 << top) - 1;
      }
    }
    return after;
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
      this.#enter(sequence, at >>> PART_WORD_BITS);
      if (this.#skips(at, from, through)) {
        n += this.#standing.count;
        successes += this.#standing.successes;
        at += PART_WORDS - 1;
        continue;
      }
      const rows = this.#rowsAt(at) & within(at << 5, from, through);
      const wins = rows & int32At(this.#standing.wins, at & (PART_WORDS - 1));
      for (let own = rows & this.#ownAt(at); own !== 0 && !met; own &= own - 1) {
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

  #enter({ own, universe }: BlockSequence, part: number): void {
    if (part === this.#part) return;
    this.#part = part;
    this.#standing = this.#rows.standing(part);
    this.#own0 = this.#bits(own, 0, part);
    this.#own1 = this.#bits(own, 1, part);
    this.#own2 = this.#bits(own, 2, part);
    this.#hasUniverse = universe.length > 0;
    if (!this.#hasUniverse) return;
    this.#universe.fill(-1);
    for (const term of universe) {
      const inverted = term.outside ? -1 : 0;
      const [words0, words1, words2] = [0, 1, 2].map((i) => this.#bits(term, i, part).words);
      if (words0 === undefined || words1 === undefined || words2 === undefined) continue;
      for (let at = 0; at < PART_WORDS; at += 1) {
        const meets = int32At(words0, at) & int32At(words1, at) & int32At(words2, at);
        this.#universe[at] = int32At(this.#universe, at) & (meets ^ inverted);
      }
    }
  }

  #bits({ slots, codes }: Items, i: number, part: number): PartBits {
    const slot = slots[i];
    return slot === undefined ? this.#standing : this.#rows.item(slot, codes[i] ?? 0, part);
  }

  #isWithoutOwn(): boolean {
    return this.#own0.count === 0 || this.#own1.count === 0 || this.#own2.count === 0;
  }

  /** Whether the whole part that begins with a word has only outcomes of the rest, all of them in the universe. */
  #skips(at: number, from: number, through: number): boolean {
    return (
      (at & (PART_WORDS - 1)) === 0 &&
      !this.#hasUniverse &&
      from <= at << 5 &&
      (at + PART_WORDS) << 5 <= through &&
      this.#isWithoutOwn()
    );
  }

  #rowsAt(word: number): number {
    const at = word & (PART_WORDS - 1);
    const standing = int32At(this.#standing.words, at);
    return this.#hasUniverse ? standing & int32At(this.#universe, at) : standing;
  }

  #ownAt(word: number): number {
    const at = word & (PART_WORDS - 1);
    return int32At(this.#own0.words, at) & int32At(this.#own1.words, at) & int32At(this.#own2.words, at);
  }
}
