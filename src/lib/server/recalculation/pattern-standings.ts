import { byteAt, float64At, int32At } from '#lib/domain/read-typed-array.ts';
import { FLAG, statusOf } from '#lib/domain/patterns/flags.ts';
import {
  CELL_STRIDE,
  openImage,
  readTotals,
  type FoldTotals,
  type ImageView,
} from '#lib/domain/patterns/fold-image.ts';
import { patternPlaces } from '#lib/domain/patterns/image-layout.ts';
import { evidenceLeaders } from '#lib/domain/patterns/leading-patterns.ts';
import { activePatterns, byStrength } from '#lib/domain/patterns/prune-patterns.ts';
import { exactOf, sideOf } from '#lib/domain/patterns/standing-side.ts';
import { pooledZ } from '#lib/domain/statistics/pooled-z.ts';
import type { FoldMemory } from './fold-memory.ts';
import type { PatternNames } from './pattern-names.ts';
import { comparePatterns, type PatternOrder, type RankedPattern } from './pattern-order.ts';

/** A chain of explanations is short; this ends one that has run into a ring. */
const LONGEST_CHAIN = 16;

/** What many answers about one memory need, each computed when first asked for. */
export class PatternStandings {
  readonly memory: FoldMemory;
  readonly view: ImageView;
  readonly totals: FoldTotals;
  readonly #names: PatternNames;
  #rows: readonly RankedPattern[] | null = null;
  #leaders: readonly number[] | null = null;
  #first: readonly number[] | null = null;
  #explains: Int32Array | null = null;
  readonly #ordered = new Map<string, readonly RankedPattern[]>();

  constructor(memory: FoldMemory, names: PatternNames) {
    this.memory = memory;
    this.#names = names;
    this.view = openImage(memory.image);
    this.totals = readTotals(memory.image);
  }

  /** Indexes of the evidence leaders, the strongest first. */
  get leaders(): readonly number[] {
    return (this.#leaders ??= evidenceLeaders(this.view));
  }

  /** Those that stand, strongest first: leaders, then (shown among them) what only counts recommend, then the explained. */
  get first(): readonly number[] {
    if (this.#first === null) {
      const explained = activePatterns(this.view)
        .sort(byStrength)
        .map(({ index }) => index);
      this.#first = [...new Set([...this.leaders, ...this.memory.leaders, ...explained])];
    }
    return this.#first;
  }

  /** Every tracked pattern, in no order. Cost: some 5 ms for 4,000. */
  get rows(): readonly RankedPattern[] {
    if (this.#rows === null) {
      const rows: RankedPattern[] = [];
      for (let index = 0; index < patternPlaces(this.view.layout); index += 1) {
        if (byteAt(this.view.depth, index) > 0) rows.push(this.#rank(index));
      }
      this.#rows = rows;
    }
    return this.#rows;
  }

  /** The same in the order of a list; each order is sorted once. */
  ordered(query: PatternOrder): readonly RankedPattern[] {
    const key = `${query.sort} ${query.order ?? ''} ${query.sort === 'confidence' ? (query.direction ?? '') : ''}`;
    let rows = this.#ordered.get(key);
    if (rows === undefined) {
      rows = [...this.rows].sort(comparePatterns(query, this.first));
      this.#ordered.set(key, rows);
    }
    return rows;
  }

  /** How many are folded under a pattern, directly or through others. */
  explains(index: number): number {
    if (this.#explains === null) {
      const counts = new Int32Array(patternPlaces(this.view.layout));
      for (let one = 0; one < counts.length; one += 1) {
        for (const by of this.above(one)) counts[by] = int32At(counts, by) + 1;
      }
      this.#explains = counts;
    }
    return this.#explains[index] ?? 0;
  }

  /** The patterns under which one is folded, the nearest first. */
  above(index: number): readonly number[] {
    const { explainedBy } = this.view;
    let by = int32At(explainedBy, index);
    if (by === 0) return NOBODY;
    const found: number[] = [];
    while (by !== 0 && found.length < LONGEST_CHAIN && by - 1 !== index && !found.includes(by - 1)) {
      found.push(by - 1);
      by = int32At(explainedBy, by - 1);
    }
    return found;
  }

  #rank(index: number): RankedPattern {
    const { view, totals } = this;
    const cell = int32At(view.cell, index) * CELL_STRIDE;
    const n = int32At(view.cells, cell);
    const successes = int32At(view.cells, cell + 1);
    const restN = totals.n - n;
    const restSuccesses = totals.successes - successes;
    const rate = n === 0 ? 0 : successes / n;
    const restRate = restN === 0 ? 0 : restSuccesses / restN;
    const flags = byteAt(view.flags, index);
    const { logEPlus, logEMinus } = exactOf(view, index);
    const z = pooledZ({ n1: n, s1: successes, n0: restN, s0: restSuccesses });
    const side = (flags & STANDS) === 0 ? Math.sign(z) : sideOf(view, index);
    // Every property by its name: spreading the name's took most of the time.
    const { id, label, searchText, conditions } = this.#names.at(this.memory.space, view, index);
    return {
      id,
      label,
      searchText,
      conditions,
      index,
      depth: byteAt(view.depth, index),
      n,
      successes,
      rate,
      lift: restRate === 0 ? (rate === 0 ? 1 : Infinity) : rate / restRate,
      z,
      bornAt: float64At(view.bornAt, index),
      status: statusOf(flags),
      direction: side > 0 ? 'better' : side < 0 ? 'worse' : null,
      logEPlus,
      logEMinus,
      largestLogE: float64At(view.evidence.maxLogETwoSided, index),
      pinned: (flags & FLAG.pinned) !== 0,
      under: this.above(index),
    };
  }
}

const STANDS = FLAG.emergingBetter | FLAG.emergingWorse | FLAG.confirmedBetter | FLAG.confirmedWorse;
const NOBODY: readonly number[] = [];
