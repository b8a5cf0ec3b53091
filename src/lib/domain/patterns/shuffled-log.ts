import { SLOTS } from '../attributes/codes.ts';
import type { EncodedAct, EncodedBatch, EncodedMode } from '../attributes/encoded-batch.ts';
import { seededRandom } from '../random/seeded-random.ts';
import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import { CHUNK_BITS, CHUNK_ROWS, type Columns, emptyColumns, META_RESULT, openChunk } from './columns.ts';
import { foldBatch } from './fold-batch.ts';
import { createFoldImage, type FoldImage, HEADER, openImage } from './fold-image.ts';
import { stands } from './standing.ts';
import type { Clip } from './value-evidence.ts';

/** Rows folded before the clock is looked at; each step costs a copy of the image besides. */
const STEP_ROWS = 128;

/** From a position on the patterns of a slot are compared in another way. */
export type ModeChange = Pick<EncodedMode, 'after' | 'slot' | 'period' | 'declared'>;

/** What a shuffle is made from: the columns of a log, and what its fold has found. */
export interface ShuffleSource {
  readonly columns: Columns;
  readonly through: number;
  /** The last so many outcomes that stand. */
  readonly limit: number;
  /** How the fold came to compare each slot, in order: from which position on, and whether by period. */
  readonly modes: readonly ModeChange[];
  readonly clip: Clip | null;
  readonly trackedCap: number;
  readonly cellLimit: number;
}

/** A shuffle under way; its buffers are shared, so it goes from thread to thread as it is. */
export interface ShuffleRun {
  readonly rows: number;
  readonly codes: SharedArrayBuffer;
  readonly results: SharedArrayBuffer;
  readonly values: SharedArrayBuffer | null;
  /** After which rows the fold is told what. */
  readonly acts: readonly EncodedAct[];
  readonly folded: number;
  readonly image: FoldImage;
  readonly spare: FoldImage | null;
  readonly columns: Columns;
  /** Births of the patterns that have emerged. */
  readonly emerged: readonly number[];
}

export interface ShuffleFindings {
  readonly outcomes: number;
  /** Confirmations ever. */
  readonly confirmed: number;
  /** Patterns that ever emerged. */
  readonly emerged: number;
}

/**
 * Deals the results (with their values) to the outcomes by chance, labels and their order as they are: whatever is
 * confirmed now is confirmed by error. Modes rest on labels alone, so they change where they did change. Cost: 1 µs an outcome.
 */
export function dealResults(source: ShuffleSource, seed: string): ShuffleRun {
  const positions = standing(source);
  const rows = positions.length;
  const codes = new SharedArrayBuffer(Math.max(1, rows * SLOTS));
  const results = new SharedArrayBuffer(Math.max(1, rows));
  const valued = source.clip !== null;
  const values = valued ? new SharedArrayBuffer(Math.max(8, rows * 8)) : null;
  const into = new Uint8Array(codes);
  const dealt = new Uint8Array(results);
  const amounts = values === null ? null : new Float64Array(values);
  const order = shuffled(rows, seed);
  positions.forEach((position, row) => {
    const labels = openChunk(source.columns, (position - 1) >>> CHUNK_BITS);
    const at = (position - 1) & (CHUNK_ROWS - 1);
    for (let slot = 0; slot < SLOTS; slot += 1) {
      into[row * SLOTS + slot] = byteAt(labels.codes, slot * CHUNK_ROWS + at);
    }
    const from = (positions[int32At(order, row)] ?? 1) - 1;
    const given = openChunk(source.columns, from >>> CHUNK_BITS);
    dealt[row] = byteAt(given.meta, from & (CHUNK_ROWS - 1)) & META_RESULT;
    if (amounts === null) return;
    amounts[row] = given.values === null ? NaN : float64At(given.values, from & (CHUNK_ROWS - 1));
  });
  const { trackedCap, cellLimit } = source;
  const image = createFoldImage({ trackedCap, cellLimit });
  return {
    rows,
    codes,
    results,
    values,
    acts: actsOf(source, positions),
    folded: 0,
    image,
    spare: null,
    columns: emptyColumns(),
    emerged: [],
  };
}

/** Folds a shuffle on, with the fold of real outcomes, until it ends or `isOver` says so. */
export function foldShuffle(run: ShuffleRun, increments: BlockIncrements, isOver: () => boolean): ShuffleRun {
  let { folded, image, spare, columns } = run;
  const emerged = new Set(run.emerged);
  while (folded < run.rows && !isOver()) {
    const count = Math.min(STEP_ROWS, run.rows - folded);
    const batch = batchOf(run, folded, count);
    const result = foldBatch({ front: image, spare, columns, batch }, increments);
    for (const { kind, ordinal } of result.effects) if (kind === 'emerging') emerged.add(ordinal);
    [image, spare, columns] = [result.image, image, result.columns];
    folded += count;
  }
  return { ...run, folded, image, spare, columns, emerged: [...emerged] };
}

/** What a finished shuffle has found. */
export function shuffleFindings({ rows, image, emerged }: ShuffleRun): ShuffleFindings {
  return {
    outcomes: rows,
    confirmed: float64At(openImage(image).header, HEADER.rejections),
    emerged: emerged.length,
  };
}

/** Positions of the last successes and failures that stand, ascending. */
function standing({ columns, through, limit }: ShuffleSource): number[] {
  const found: number[] = [];
  for (let row = through - 1; row >= 0 && found.length < limit; row -= 1) {
    const chunk = openChunk(columns, row >>> CHUNK_BITS);
    if (stands(chunk, row & (CHUNK_ROWS - 1), through)) found.push(row + 1);
  }
  return found.reverse();
}

/** Fisher-Yates. */
function shuffled(length: number, seed: string): Int32Array {
  const random = seededRandom(seed);
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i -= 1) {
    const j = random.below(i + 1);
    const kept = int32At(order, i);
    order[i] = int32At(order, j);
    order[j] = kept;
  }
  return order;
}

function batchOf(run: ShuffleRun, from: number, count: number): EncodedBatch {
  const values = run.values === null ? null : new Float64Array(run.values, from * 8, count);
  return {
    firstPosition: from + 1,
    count,
    codes: new Uint8Array(run.codes, from * SLOTS, count * SLOTS),
    signs: new Int8Array(count).fill(1),
    results: new Uint8Array(run.results, from, count),
    values: values ?? new Float64Array(count).fill(NaN),
    hasValues: values !== null,
    days: new Int32Array(count),
    retracts: new Float64Array(count),
    acts: run.acts.filter(({ after }) => after >= from && after < from + count),
  };
}

/** The clip holds from the first outcome on; each mode from its place among the outcomes that are shuffled. */
function actsOf({ modes, clip }: ShuffleSource, positions: readonly number[]): EncodedAct[] {
  const rowAfter = (position: number) => {
    const next = positions.findIndex((one) => one > position);
    return next === -1 ? positions.length : next;
  };
  const acts = modes.map(({ after, slot, period, declared }): EncodedAct => ({
    kind: 'mode',
    after: rowAfter(after),
    slot,
    period,
    declared,
  }));
  return clip === null ? acts : [{ kind: 'clip', after: 0, low: clip.low, high: clip.high }, ...acts];
}
