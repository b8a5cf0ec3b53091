import { int32At } from '../read-typed-array.ts';
import { PART_ROWS } from './column-parts.ts';
import type { Items } from './evidence-subject.ts';
import type { PartBits, StandingPart, StandingRows } from './standing-rows.ts';
import { within } from './word-bits.ts';

export const PART_WORDS = PART_ROWS / 32;
export const PART_WORD_BITS = Math.log2(PART_WORDS);

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
 * The rows of a sequence of blocks, word by word, a part at a time: those that stand in its universe, and which of them
 * are outcomes of the pattern. `among`: the bits of the only rows that belong to any sequence, by part; null: all.
 */
export class SequenceRows {
  readonly #rows: StandingRows;
  readonly #among: ((part: number) => Int32Array) | null;
  #part = -1;
  #standing: StandingPart;
  /** The bits of three items; those that stand in the place of missing ones. */
  #own0: PartBits;
  #own1: PartBits;
  #own2: PartBits;
  /** Rows that are in the universe, where not all that stand are. */
  readonly #universe = new Int32Array(PART_WORDS);
  #hasUniverse = false;

  constructor(rows: StandingRows, among: ((part: number) => Int32Array) | null) {
    this.#rows = rows;
    this.#among = among;
    this.#standing = {
      words: new Int32Array(PART_WORDS),
      wins: new Int32Array(PART_WORDS),
      count: 0,
      successes: 0,
    };
    this.#own0 = this.#own1 = this.#own2 = this.#standing;
  }

  /** Another sequence is read, or what stands has changed. */
  restart(): void {
    this.#part = -1;
  }

  /** Of the part entered, whatever the universe. */
  get standing(): StandingPart {
    return this.#standing;
  }

  get hasUniverse(): boolean {
    return this.#hasUniverse;
  }

  /** The row after the last close before `row`, or the first of the sequence. */
  closeBefore(sequence: BlockSequence, row: number): number {
    const { after } = sequence;
    // An outcome of the pattern; it closed a block if one of the rest comes before it.
    let candidate = -1;
    for (let at = row >>> 5; at >= after >>> 5; at -= 1) {
      this.enter(sequence, at >>> PART_WORD_BITS);
      if (candidate < 0 && this.isWithoutOwn()) {
        at &= ~(PART_WORDS - 1);
        continue;
      }
      let rows = this.rowsAt(at) & within(at << 5, after, row);
      for (;;) {
        const wanted = candidate < 0 ? rows & this.ownAt(at) : rows;
        if (wanted === 0) break;
        const top = 31 - Math.clz32(wanted);
        if (candidate >= 0 && (this.ownAt(at) & (1 << top)) === 0) return candidate + 1;
        candidate = (at << 5) + top;
        rows &= (1 << top) - 1;
      }
    }
    return after;
  }

  enter({ own, universe }: BlockSequence, part: number): void {
    if (part === this.#part) return;
    this.#part = part;
    this.#standing = this.#rows.standing(part);
    // One item that the part has nowhere decides: the others are not asked for.
    this.#own0 = this.#bits(own, 0, part);
    this.#own1 = this.#own0.count === 0 ? this.#own0 : this.#bits(own, 1, part);
    this.#own2 = this.#own1.count === 0 ? this.#own1 : this.#bits(own, 2, part);
    this.#hasUniverse = universe.length > 0 || this.#among !== null;
    if (!this.#hasUniverse) return;
    if (this.#among === null) this.#universe.fill(-1);
    else this.#universe.set(this.#among(part));
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

  /** Whether the part entered has no outcome of the pattern. */
  isWithoutOwn(): boolean {
    return this.#own0.count === 0 || this.#own1.count === 0 || this.#own2.count === 0;
  }

  rowsAt(word: number): number {
    const at = word & (PART_WORDS - 1);
    const standing = int32At(this.#standing.words, at);
    return this.#hasUniverse ? standing & int32At(this.#universe, at) : standing;
  }

  ownAt(word: number): number {
    const at = word & (PART_WORDS - 1);
    return int32At(this.#own0.words, at) & int32At(this.#own1.words, at) & int32At(this.#own2.words, at);
  }
}
