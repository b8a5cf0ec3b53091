import { float64At } from '../read-typed-array.ts';
import { logPartition } from './block-likelihood.ts';
import { GRID_HALF, GRID_SIZE, LOG_ODDS_GRID } from './evidence-grid.ts';

const EXPM1_GRID = LOG_ODDS_GRID.map((beta) => Math.expm1(beta));

/** Slots of the table, a power of two; 61 doubles each, 8 MB in all. */
const SLOT_BITS = 14;
/** Sides up to this many outcomes make a key that a double holds exactly; larger blocks are not kept. */
const KEPT_SIDE = 1 << 16;

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
  readonly #kept = new Float64Array((1 << SLOT_BITS) * GRID_SIZE);
  readonly #large = new Float64Array(GRID_SIZE);

  /**
   * Adds the block's ℓ to gridLogs[offset … offset + 60]. False, with nothing added, where the block says
   * nothing: all or none of it succeeded. Guarantee: the block is possible (see EvidenceBlock).
   */
  addTo(gridLogs: Float64Array, offset: number, x: number, kP: number, kC: number, s: number): boolean {
    if (s === 0 || s === kP + kC) return false;
    const kept = kP < KEPT_SIDE && kC < KEPT_SIDE;
    const table = kept ? this.#kept : this.#large;
    const start = kept ? this.#startOf(kP, kC, s) : 0;
    if (!kept) fill(table, 0, kP, kC, s);
    addScaled(gridLogs, offset, x, table, start);
    // As many successes as possible: ℓ rises with β. As few as possible: it falls. Between, its top lies anywhere.
    const rises = x === kP || x === s;
    const falls = x === 0 || x === s - kC;
    const at = (i: number) => x * float64At(LOG_ODDS_GRID, i) - float64At(table, start + i);
    this.mostRisen[0] = rises ? at(GRID_SIZE - 1) : falls ? at(GRID_HALF + 1) : Infinity;
    this.mostRisen[1] = rises ? at(GRID_HALF - 1) : falls ? at(0) : Infinity;
    return true;
  }

  /** Takes back what addTo has added for a block. Not to the last digit: what L held beside it has rounded it. */
  takeFrom(gridLogs: Float64Array, offset: number, x: number, kP: number, kC: number, s: number): void {
    if (s === 0 || s === kP + kC) return;
    const kept = kP < KEPT_SIDE && kC < KEPT_SIDE;
    const table = kept ? this.#kept : this.#large;
    const start = kept ? this.#startOf(kP, kC, s) : 0;
    if (!kept) fill(table, 0, kP, kC, s);
    for (let i = 0; i < GRID_SIZE; i += 1) {
      const logLikelihood = x * float64At(LOG_ODDS_GRID, i) - float64At(table, start + i);
      gridLogs[offset + i] = float64At(gridLogs, offset + i) - logLikelihood;
    }
  }

  #startOf(kP: number, kC: number, s: number): number {
    // Never 0, which marks a free place: kP is at least 1.
    const key = (kP * KEPT_SIDE + kC) * (2 * KEPT_SIDE) + s;
    const mixed = Math.imul(kP, 0x9e3779b1) ^ Math.imul(kC, 0x85ebca6b) ^ Math.imul(s, 0xc2b2ae35);
    const slot = (mixed ^ (mixed >>> 15)) & ((1 << SLOT_BITS) - 1);
    const start = slot * GRID_SIZE;
    if (float64At(this.#keys, slot) !== key) {
      fill(this.#kept, start, kP, kC, s);
      this.#keys[slot] = key;
    }
    return start;
  }
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

function fill(table: Float64Array, start: number, kP: number, kC: number, s: number): void {
  for (let i = 0; i < GRID_SIZE; i += 1) {
    table[start + i] = logPartition(kP, kC, s, float64At(LOG_ODDS_GRID, i), float64At(EXPM1_GRID, i));
  }
  // Exactly no effect is exactly no evidence; the sum over u leaves 1e-16.
  table[start + GRID_HALF] = 0;
}
