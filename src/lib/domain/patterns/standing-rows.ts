import { RESULTS } from '../outcomes/results.ts';
import { byteAt, int32At } from '../read-typed-array.ts';
import type { EvidenceState } from '../statistics/evidence-state.ts';
import { onMatch } from '../statistics/on-match.ts';
import { onPeriodMatch } from '../statistics/on-period-match.ts';
import { PART_ROWS } from './column-parts.ts';
import { CHUNK_ROWS, type Columns, META_RESULT, openChunk } from './columns.ts';
import type { EvidenceSubject, Items } from './evidence-subject.ts';
import { pushRecent, type RecentResults } from './recent-results.ts';
import { stands } from './standing.ts';
import { bitCount, within } from './word-bits.ts';

const SUCCESS = RESULTS.indexOf('success');
const CODES = 256;

/** Words of a part. */
const WORDS = PART_ROWS / 32;
const PART_BITS = Math.log2(PART_ROWS);
const PARTS_OF_CHUNK = CHUNK_ROWS / PART_ROWS;
/** Parts of items that are kept at most, half a KiB each: with more, those of a long log would take its own size again. */
const MOST_PARTS = 65_536;

/** The rows of a part as bits, the first row in the lowest bit of the first word. */
export interface PartBits {
  readonly words: Int32Array;
  /** Bits that are set. */
  count: number;
}

/** The rows of a part that stand, and which of them are successes. */
export interface StandingPart extends PartBits {
  readonly wins: Int32Array;
  successes: number;
}

const NO_ROWS: PartBits = { words: new Int32Array(WORDS), count: 0 };

/** How far a replay has come, and what it has counted of its universe, or of everybody. */
export interface RowCursor {
  /** The last position read. */
  position: number;
  n: number;
  successes: number;
}

/** Where a replay writes; `recent`, if not null, gets the pattern's results too. */
export interface RowTarget {
  readonly state: EvidenceState;
  readonly recent: RecentResults | null;
}

/**
 * The log's rows as bits, by item, made part by part as they are first asked for, so that what reads them meets 32 rows
 * at once. During one batch. What stands is as of `asOf`, until `takeOut` moves it on.
 *
 * The columns may hold rows of the batch that the fold has not reached: readers stop where they are told to. A cut's
 * codes reach back, but nobody asks for an item of an attribute before it is cut. Cost: 1 to 3 ns a row and item once,
 * where a part has the item at all; an eighth of a byte.
 */
export class StandingRows {
  readonly #columns: Columns;
  readonly #onStep: () => void;
  #asOf: number;
  readonly #standing: (StandingPart | undefined)[] = [];
  /** By 256 · slot + code, then by part. */
  #items: ((PartBits | undefined)[] | undefined)[] = [];
  #kept = 0;

  /** `asOf`: retracts after it are not known. `onStep` is called as parts are read. */
  constructor(columns: Columns, asOf: number, onStep: () => void = () => undefined) {
    this.#columns = columns;
    this.#asOf = asOf;
    this.#onStep = onStep;
  }

  /** Says that what reads the log beside this goes on. */
  step(): void {
    this.#onStep();
  }

  get asOf(): number {
    return this.#asOf;
  }

  /** The retract at `by`, the next after `asOf`, is known from here on: the entry at `added` stands no more. */
  takeOut(added: number, by: number): void {
    this.#asOf = by;
    const row = added - 1;
    const part = this.#standing[row >>> PART_BITS];
    if (part === undefined) return;
    const at = (row & (PART_ROWS - 1)) >>> 5;
    const bit = 1 << (row & 31);
    part.count -= 1;
    if ((int32At(part.wins, at) & bit) !== 0) part.successes -= 1;
    part.words[at] = int32At(part.words, at) & ~bit;
    part.wins[at] = int32At(part.wins, at) & ~bit;
  }

  /** Standing outcomes after a position, up to `through`. Cost: 1 ns a word of the first part and the last. */
  count(after: number, through: number): { readonly n: number; readonly successes: number } {
    let n = 0;
    let successes = 0;
    for (let first = after & ~(PART_ROWS - 1); first < through; first += PART_ROWS) {
      const part = this.standing(first / PART_ROWS);
      if (after <= first && first + PART_ROWS <= through) {
        n += part.count;
        successes += part.successes;
        continue;
      }
      const from = Math.max(0, after - first);
      const end = Math.min(PART_ROWS, through - first);
      for (let at = from >>> 5; at << 5 < end; at += 1) {
        const rows = int32At(part.words, at) & within(at << 5, from, end);
        n += bitCount(rows);
        successes += bitCount(rows & int32At(part.wins, at));
      }
    }
    return { n, successes };
  }

  /**
   * Feeds a subject with the log after `cursor.position` up to `through`. The same figures as replayEvidence. Cost:
   * some .3 ns an entry, and the evidence of those that match.
   */
  replay(
    subject: EvidenceSubject,
    target: RowTarget,
    index: number,
    cursor: RowCursor,
    through: number,
  ): void {
    const { universe } = subject;
    const inverted = universe !== null && universe.outside ? -1 : 0;
    while (cursor.position < through) {
      const part = Math.floor(cursor.position / PART_ROWS);
      const from = cursor.position & (PART_ROWS - 1);
      const end = Math.min(PART_ROWS, through - part * PART_ROWS);
      const stand = this.standing(part);
      const [own0, own1, own2] = this.#bits(subject, part, stand.words);
      const [all0, all1, all2] = this.#bits(universe, part, stand.words);
      let { n, successes } = cursor;
      for (let at = from >>> 5; at << 5 < end; at += 1) {
        const inUniverse = int32At(all0, at) & int32At(all1, at) & int32At(all2, at);
        const rows = int32At(stand.words, at) & (inUniverse ^ inverted) & within(at << 5, from, end);
        const wins = rows & int32At(stand.wins, at);
        let own = rows & int32At(own0, at) & int32At(own1, at) & int32At(own2, at);
        for (; own !== 0; own &= own - 1) {
          const row = own & -own;
          const upTo = row | (row - 1);
          const y = (wins & row) === 0 ? 0 : 1;
          feed(subject, target, index, y, n + bitCount(rows & upTo), successes + bitCount(wins & upTo));
        }
        n += bitCount(rows);
        successes += bitCount(wins);
      }
      cursor.n = n;
      cursor.successes = successes;
      cursor.position = part * PART_ROWS + end;
    }
  }

  /** The rows of a part that stand. */
  standing(part: number): StandingPart {
    this.#onStep();
    const known = this.#standing[part];
    if (known !== undefined) return known;
    const chunk = openChunk(this.#columns, Math.floor(part / PARTS_OF_CHUNK));
    const first = (part % PARTS_OF_CHUNK) * PART_ROWS;
    const words = new Int32Array(WORDS);
    const wins = new Int32Array(WORDS);
    let count = 0;
    let successes = 0;
    for (let at = 0; at < PART_ROWS; at += 1) {
      if (!stands(chunk, first + at, this.#asOf)) continue;
      count += 1;
      words[at >>> 5] = int32At(words, at >>> 5) | (1 << (at & 31));
      if ((byteAt(chunk.meta, first + at) & META_RESULT) !== SUCCESS) continue;
      successes += 1;
      wins[at >>> 5] = int32At(wins, at >>> 5) | (1 << (at & 31));
    }
    const made = { words, wins, count, successes };
    this.#standing[part] = made;
    return made;
  }

  /** The rows of a part that have an item, whether they stand or not. */
  item(slot: number, code: number, part: number): PartBits {
    const key = slot * CODES + code;
    const known = this.#items[key]?.[part];
    if (known !== undefined) return known;
    if (this.#kept >= MOST_PARTS) {
      this.#items = [];
      this.#kept = 0;
    }
    const { codes } = openChunk(this.#columns, Math.floor(part / PARTS_OF_CHUNK));
    const first = slot * CHUNK_ROWS + (part % PARTS_OF_CHUNK) * PART_ROWS;
    const rows = codes.subarray(first, first + PART_ROWS);
    const made = bitsOf(rows, code);
    if (made !== NO_ROWS) this.#kept += 1;
    const parts = this.#items[key] ?? [];
    parts[part] = made;
    this.#items[key] = parts;
    return made;
  }

  /** The bits of up to three items; `all` in the place of missing ones. */
  #bits(items: Items | null, part: number, all: Int32Array): readonly [Int32Array, Int32Array, Int32Array] {
    const bits = (i: number): Int32Array => {
      const slot = items?.slots[i];
      return slot === undefined ? all : this.item(slot, items?.codes[i] ?? 0, part).words;
    };
    return [bits(0), bits(1), bits(2)];
  }
}

/** A part's rows of one attribute that have a code. */
function bitsOf(rows: Uint8Array, code: number): PartBits {
  let at = rows.indexOf(code);
  if (at < 0) return NO_ROWS;
  const words = new Int32Array(WORDS);
  let count = 0;
  for (; at < rows.length; at += 1) {
    if (byteAt(rows, at) !== code) continue;
    count += 1;
    words[at >>> 5] = int32At(words, at >>> 5) | (1 << (at & 31));
  }
  return { words, count };
}

function feed(
  { period, longestRun }: EvidenceSubject,
  { state, recent }: RowTarget,
  index: number,
  y: number,
  N: number,
  S: number,
): void {
  if (recent !== null) pushRecent(recent, index, y);
  if (period) onPeriodMatch(state, index, y, N, S);
  else onMatch(state, index, y, N, S, longestRun);
}
