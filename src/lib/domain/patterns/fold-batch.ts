import { SLOTS } from '../attributes/codes.ts';
import type { EncodedAct, EncodedBatch, EncodedCut } from '../attributes/encoded-batch.ts';
import { RESULTS } from '../outcomes/results.ts';
import { byteAt, float64At, int32At, signedByteAt } from '../read-typed-array.ts';
import { BlockIncrements } from '../statistics/block-increments.ts';
import { admitCells } from './admit-cells.ts';
import { appendColumns } from './append-columns.ts';
import { applyCut } from './apply-cut.ts';
import type { Columns } from './columns.ts';
import { COMPARE_EVERY, compareTracked } from './compare-tracked.ts';
import { countRow, countRowValue, findCells, findSupported, newRow } from './count-row.ts';
import { capacityFor } from './cube-layout.ts';
import { type Departure, departureOf } from './departure.ts';
import { EvidenceFold } from './feed-evidence.ts';
import type { FoldEffect } from './fold-effect.ts';
import { type FoldImage, HEADER, type ImageView, openImage, valuesAreExact } from './fold-image.ts';
import { patternPlaces } from './image-layout.ts';
import { relayout } from './relayout.ts';
import { identityOf, type TrackedIdentity } from './tracked-patterns.ts';

const SUCCESS = RESULTS.indexOf('success');
const NEUTRAL = RESULTS.indexOf('neutral');

export interface FoldTask {
  /** The state before the batch, never written: readers may go on using it. */
  readonly front: FoldImage;
  /** An image nobody reads any more, to be overwritten; null makes a new one. */
  readonly spare: FoldImage | null;
  readonly columns: Columns;
  readonly batch: EncodedBatch;
}

export interface FoldResult {
  /** The state after the batch: the next front once the batch has been committed. */
  readonly image: FoldImage;
  /** The columns with the batch's rows. */
  readonly columns: Columns;
  /** Ascending indexes of tracked patterns whose counts or standing changed or that are new. */
  readonly touched: Int32Array;
  /** In the order of births. */
  readonly born: readonly TrackedIdentity[];
  readonly evicted: readonly Departure[];
  /** What became true of patterns, in order. */
  readonly effects: readonly FoldEffect[];
}

/**
 * Folds a batch of log entries into a copy of the state: counts, totals, which patterns are tracked, and their
 * evidence.
 *
 * A pure function of the log's prefix and the settings: however the log is cut into batches, the images
 * are equal byte for byte. When the batch's commit fails, drop the result; `front` is untouched and
 * the same batch can be folded again. `increments`: the thread's own. `onStep` is called all along, at each entry and
 * for each pattern or part of the log that is read again, so that a batch that takes long can be told from one that hangs. Cost: one copy of the
 * image, then 3 to 5 µs an entry with 16 attributes, and some .4 µs for each tracked pattern that it matches.
 */
export function foldBatch(
  task: FoldTask,
  increments = new BlockIncrements(),
  onStep: () => void = () => undefined,
): FoldResult {
  const run = new FoldRun(task, increments, onStep);
  run.foldAll();
  return run.result();
}

class FoldRun {
  private readonly batch: EncodedBatch;
  private readonly columns: Columns;
  private readonly born: TrackedIdentity[] = [];
  private readonly evicted: Departure[] = [];
  private readonly effects: FoldEffect[] = [];
  private readonly evidence: EvidenceFold;
  private readonly touched: Uint8Array;
  private readonly row = newRow();
  private image: FoldImage;
  private view: ImageView;
  private readonly onBirth = (index: number): void => {
    this.touched[index] = 1;
    this.evidence.born(index, this.position);
    this.born.push(identityOf(this.view, index, float64At(this.view.bornAt, index)));
  };
  private readonly onEviction = (index: number): void => {
    this.evidence.evicted(index, this.position);
    this.evicted.push(departureOf(this.view, index, this.position));
  };
  private readonly onStep: () => void;
  private position: number;

  constructor({ front, spare, columns, batch }: FoldTask, increments: BlockIncrements, onStep: () => void) {
    this.batch = batch;
    this.onStep = onStep;
    this.image = copyOf(front, spare);
    this.view = openImage(this.image);
    this.position = float64At(this.view.header, HEADER.position);
    if (batch.firstPosition !== this.position + 1) {
      throw new RangeError(`foldBatch expects position ${this.position + 1}, got ${batch.firstPosition}`);
    }
    this.columns = appendColumns(columns, batch);
    this.touched = new Uint8Array(patternPlaces(front.layout));
    this.evidence = new EvidenceFold(this.view, {
      columns: this.columns,
      increments,
      onStep,
      effects: this.effects,
      onChange: (index) => {
        this.touched[index] = 1;
      },
      onPinned: (index) => {
        this.touched[index] = 1;
        this.born.push(identityOf(this.view, index, float64At(this.view.bornAt, index)));
      },
      onLeave: this.onEviction,
    });
  }

  foldAll(): void {
    const { batch } = this;
    let next = 0;
    const actUpTo = (position: number): void => {
      for (let act = batch.acts[next]; act !== undefined && act.after <= position; act = batch.acts[next]) {
        this.act(act);
        next += 1;
      }
    };
    actUpTo(this.position);
    for (let i = 0; i < batch.count; i += 1) {
      this.onStep();
      this.position = batch.firstPosition + i;
      this.foldRow(i);
      this.view.header[HEADER.position] = this.position;
      if (this.position % COMPARE_EVERY === 0) {
        compareTracked(this.view, this.position, this.onEviction, this.onBirth);
      }
      this.evidence.after(this.position);
      if (next < batch.acts.length) actUpTo(this.position);
    }
  }

  result(): FoldResult {
    const { depth } = this.view;
    const touched: number[] = [];
    for (let index = 0; index < this.touched.length; index += 1) {
      if (byteAt(this.touched, index) === 1 && byteAt(depth, index) > 0) touched.push(index);
    }
    const { image, columns, born, evicted, effects } = this;
    return { image, columns, touched: Int32Array.from(touched), born, evicted, effects };
  }

  private foldRow(i: number): void {
    const { batch, row } = this;
    const sign = signedByteAt(batch.signs, i);
    const result = byteAt(batch.results, i);
    if (result === NEUTRAL) {
      add(this.view.header, HEADER.neutral, sign);
      return;
    }
    const value = float64At(batch.values, i);
    const valued = !Number.isNaN(value);
    this.makeRoom(i, valued);
    const { view } = this;
    const { header } = view;
    add(header, HEADER.n, sign);
    if (result === SUCCESS) add(header, HEADER.successes, sign);
    findCells(view, row, batch.codes, i * SLOTS);
    countRow(view, row, sign, result === SUCCESS ? sign : 0);
    const admits = sign > 0 && float64At(header, HEADER.tracked) < view.layout.trackedCap;
    if (admits) findSupported(view, row, float64At(header, HEADER.n));
    if (valued) this.foldValue(value, sign);
    const { touched } = this;
    for (let m = 0; m < row.matchedCount; m += 1) touched[int32At(row.matched, m)] = 1;
    if (sign > 0) this.evidence.add(row, result === SUCCESS ? 1 : 0, value, this.position);
    else this.evidence.retract(row, float64At(batch.retracts, i), this.position);
    if (admits && row.supportedCount > 0) admitCells(view, row, this.position, this.onBirth);
  }

  private foldValue(value: number, sign: number): void {
    const { header } = this.view;
    add(header, HEADER.valueMagnitude, Math.abs(value));
    if (!valuesAreExact(header)) return;
    add(header, HEADER.valueCount, sign);
    add(header, HEADER.valueSum, value * sign);
    countRowValue(this.view, this.row, value, sign);
  }

  private act(act: EncodedAct): void {
    switch (act.kind) {
      case 'cut':
        this.cut(act);
        break;
      case 'mode':
        this.evidence.setMode(act);
        break;
      case 'clip':
        this.evidence.setClip(act);
        break;
      case 'swap':
        this.evidence.swap(act);
        break;
      default:
        this.evidence.choose(act);
    }
  }

  private cut(cut: EncodedCut): void {
    const needed = cut.codes.reduce((most, code) => Math.max(most, code), 0);
    if (needed === 0) return;
    const { capacities } = this.view.layout;
    if ((capacities[cut.slot] ?? 0) < needed) this.grow(withCapacity(capacities, cut.slot, needed), false);
    applyCut(this.view, this.columns, cut, this.onBirth);
  }

  /** Grows the tables when the row brings a code or a value that they have no place for. */
  private makeRoom(i: number, valued: boolean): void {
    const { capacities, layout } = this.view;
    const { codes } = this.batch;
    let grows = valued && !layout.values;
    for (let slot = 0; slot < SLOTS; slot += 1) {
      if (byteAt(codes, i * SLOTS + slot) > int32At(capacities, slot)) grows = true;
    }
    if (!grows) return;
    let next = layout.capacities;
    for (let slot = 0; slot < SLOTS; slot += 1)
      next = withCapacity(next, slot, byteAt(codes, i * SLOTS + slot));
    this.grow(next, valued);
  }

  private grow(capacities: readonly number[], values: boolean): void {
    const withValues = values || this.view.layout.values;
    const { image, view } = relayout(this.image, this.view, capacities, withValues, this.onEviction);
    this.image = image;
    this.view = view;
    this.evidence.moveTo(view);
  }
}

function withCapacity(capacities: readonly number[], slot: number, code: number): readonly number[] {
  if (code <= (capacities[slot] ?? 0)) return capacities;
  return capacities.map((capacity, i) => (i === slot ? capacityFor(code) : capacity));
}

function add(header: Float64Array, place: number, delta: number): void {
  header[place] = float64At(header, place) + delta;
}

/** A copy of the front in the spare's buffer if it has the same layout, else in a new one. */
function copyOf(front: FoldImage, spare: FoldImage | null): FoldImage {
  const fits =
    spare !== null &&
    spare.buffer !== front.buffer &&
    spare.buffer.byteLength === front.buffer.byteLength &&
    JSON.stringify(spare.layout) === JSON.stringify(front.layout);
  const buffer = fits ? spare.buffer : new SharedArrayBuffer(front.buffer.byteLength);
  new Uint8Array(buffer).set(new Uint8Array(front.buffer));
  return { buffer, layout: front.layout };
}
