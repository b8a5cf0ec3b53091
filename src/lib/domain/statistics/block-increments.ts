import { float64At } from '../read-typed-array.ts';
import { logPartition } from './block-likelihood.ts';
import { GRID_HALF, GRID_SIZE, LOG_ODDS_GRID } from './evidence-grid.ts';

const EXPM1_GRID = LOG_ODDS_GRID.map((beta) => Math.expm1(beta));

/** Slots of the table, a power of two; 61 doubles each, 8 MB in all. */
const SLOT_BITS = 14;
/** Sides up to this many outcomes make a key that a double holds exactly; larger blocks are not kept. */
const KEPT_SIDE = 1 << 16;
/** Behind the table, where the Λ of a block that is not kept begin; and those of one that says nothing, all 0. */
const LARGE = (1 << SLOT_BITS) * GRID_SIZE;
const SILENT = LARGE + 2 * GRID_SIZE;

/**
 * Adds the 61 log-likelihoods of a block to a pattern's grid, remembering what blocks have cost before.
 *
 * Variant: ℓ(β_g) = xβ_g - Λ(β_g); Λ depends on (kP, kC, s) only, and small blocks repeat, so their 61 Λ stay
 * in a table with one place for each hash, the newer taking the place of the older. The figures do not depend
 * on what the table holds. One per thread, for it is written. Cost: 61 additions and multiplications, and
 * where the block is not in the table 61 Λ (1 µs if a side has one outcome). Memory: 8 MB.
 */
export class BlockIncrements {
  /**
   * Of the block added last, the largest ℓ among the odds ratios above 1, then among those below: by how much log E⁺
   * and log E⁻ can have risen at most. Infinity where nobody has looked.
   */
  readonly mostRisen = new Float64Array(2);
  readonly #keys = new Float64Array(1 << SLOT_BITS);
  /** Behind the table: the Λ of a block that is not kept, of another such one, and of one that says nothing. */
  readonly #kept = new Float64Array(((1 << SLOT_BITS) + 3) * GRID_SIZE);

  /**
   * Adds the block's ℓ to gridLogs[offset … offset + 60]. False, with nothing added, where the block says
   * nothing: all or none of it succeeded. Guarantee: the block is possible (see EvidenceBlock).
   */
  addTo(gridLogs: Float64Array, offset: number, x: number, kP: number, kC: number, s: number): boolean {
    if (s === 0 || s === kP + kC) return false;
    const table = this.#kept;
    const start =
      kP < KEPT_SIDE && kC < KEPT_SIDE ? this.#startOf(kP, kC, s) : this.#fillIn(LARGE, kP, kC, s);
    addScaled(gridLogs, offset, x, table, start);
    // As many successes as possible: ℓ rises with β. As few as possible: it falls. Between, its top lies anywhere.
    const rises = x === kP || x === s;
    const falls = x === 0 || x === s - kC;
    const at = (i: number) => x * float64At(LOG_ODDS_GRID, i) - float64At(table, start + i);
    this.mostRisen[0] = rises ? at(GRID_SIZE - 1) : falls ? at(GRID_HALF + 1) : Infinity;
    this.mostRisen[1] = rises ? at(GRID_HALF - 1) : falls ? at(0) : Infinity;
    return true;
  }

  /**
   * Takes back the ℓ of the blocks `gone` and adds that of those that have come instead; four numbers a block: x, kP, kC, s.
   * To the rounding of what gridLogs held.
   */
  replace(gridLogs: Float64Array, offset: number, gone: readonly number[], come: readonly number[]): void {
    for (let block = 0; block < gone.length || block < come.length; block += 4) {
      const from = this.#startOfEither(gone, block, -1);
      const to = this.#startOfEither(come, block, from);
      // A block that says nothing has ℓ = 0 whatever its x.
      const x = (to === SILENT ? 0 : (come[block] ?? 0)) - (from === SILENT ? 0 : (gone[block] ?? 0));
      if (from !== to || x !== 0) addDifference(gridLogs, offset, x, this.#kept, from, to);
    }
  }

  /** Where the Λ of a block lies, in another place than `taken`. */
  #startOfEither(blocks: readonly number[], block: number, taken: number): number {
    const kP = blocks[block + 1] ?? 0;
    const kC = blocks[block + 2] ?? 0;
    const s = blocks[block + 3] ?? 0;
    if (s === 0 || s === kP + kC) return SILENT;
    const spare = taken === LARGE ? LARGE + GRID_SIZE : LARGE;
    if (kP >= KEPT_SIDE || kC >= KEPT_SIDE) return this.#fillIn(spare, kP, kC, s);
    const slot = slotOf(kP, kC, s);
    const known = float64At(this.#keys, slot) === keyOf(kP, kC, s);
    return slot * GRID_SIZE === taken && !known ? this.#fillIn(spare, kP, kC, s) : this.#startOf(kP, kC, s);
  }

  #fillIn(start: number, kP: number, kC: number, s: number): number {
    fill(this.#kept, start, kP, kC, s);
    return start;
  }

  #startOf(kP: number, kC: number, s: number): number {
    const key = keyOf(kP, kC, s);
    const slot = slotOf(kP, kC, s);
    const start = slot * GRID_SIZE;
    if (float64At(this.#keys, slot) !== key) {
      fill(this.#kept, start, kP, kC, s);
      this.#keys[slot] = key;
    }
    return start;
  }
}

/** Never 0, which marks a free place: kP is at least 1. */
function keyOf(kP: number, kC: number, s: number): number {
  return (kP * KEPT_SIDE + kC) * (2 * KEPT_SIDE) + s;
}

function slotOf(kP: number, kC: number, s: number): number {
  const mixed = Math.imul(kP, 0x9e3779b1) ^ Math.imul(kC, 0x85ebca6b) ^ Math.imul(s, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 15)) & ((1 << SLOT_BITS) - 1);
}

/**
 * L_g += xβ_g - Λ_g, the hottest loop of all: six at a time, since one at a time takes twice as long, and `as number`
 * for the same reason as in countRow.
 */
function addScaled(logs: Float64Array, offset: number, x: number, table: Float64Array, start: number): void {
  const grid = LOG_ODDS_GRID;
  const last = GRID_SIZE - 1;
  let to = offset;
  let from = start;
  for (let i = 0; i < last; i += 6) {
    logs[to] = (logs[to] as number) + (x * (grid[i] as number) - (table[from] as number));
    logs[to + 1] = (logs[to + 1] as number) + (x * (grid[i + 1] as number) - (table[from + 1] as number));
    logs[to + 2] = (logs[to + 2] as number) + (x * (grid[i + 2] as number) - (table[from + 2] as number));
    logs[to + 3] = (logs[to + 3] as number) + (x * (grid[i + 3] as number) - (table[from + 3] as number));
    logs[to + 4] = (logs[to + 4] as number) + (x * (grid[i + 4] as number) - (table[from + 4] as number));
    logs[to + 5] = (logs[to + 5] as number) + (x * (grid[i + 5] as number) - (table[from + 5] as number));
    to += 6;
    from += 6;
  }
  logs[to] = (logs[to] as number) + (x * (grid[last] as number) - (table[from] as number));
}

/** L_g += xβ_g + Λ_g - Λ'_g, written as addScaled is. */
function addDifference(
  logs: Float64Array,
  offset: number,
  x: number,
  table: Float64Array,
  before: number,
  after: number,
): void {
  const grid = LOG_ODDS_GRID;
  const last = GRID_SIZE - 1;
  let to = offset;
  let from = before;
  let less = after;
  for (let i = 0; i < last; i += 4) {
    const one = (table[from] as number) - (table[less] as number);
    const two = (table[from + 1] as number) - (table[less + 1] as number);
    const three = (table[from + 2] as number) - (table[less + 2] as number);
    const four = (table[from + 3] as number) - (table[less + 3] as number);
    logs[to] = (logs[to] as number) + (x * (grid[i] as number) + one);
    logs[to + 1] = (logs[to + 1] as number) + (x * (grid[i + 1] as number) + two);
    logs[to + 2] = (logs[to + 2] as number) + (x * (grid[i + 2] as number) + three);
    logs[to + 3] = (logs[to + 3] as number) + (x * (grid[i + 3] as number) + four);
    to += 4;
    from += 4;
    less += 4;
  }
  const one = (table[from] as number) - (table[less] as number);
  logs[to] = (logs[to] as number) + (x * (grid[last] as number) + one);
}

function fill(table: Float64Array, start: number, kP: number, kC: number, s: number): void {
  for (let i = 0; i < GRID_SIZE; i += 1) {
    table[start + i] = logPartition(kP, kC, s, float64At(LOG_ODDS_GRID, i), float64At(EXPM1_GRID, i));
  }
  // Exactly no effect is exactly no evidence; the sum over u leaves 1e-16.
  table[start + GRID_HALF] = 0;
}
