import { type AttributeSpace, createAttributeSpace } from '#domain/attributes/attribute-space.ts';
import { encodeEntries } from '#domain/attributes/encode-entries.ts';
import { trackedItems } from '#domain/patterns/cell-of.ts';
import { type Columns, emptyColumns } from '#domain/patterns/columns.ts';
import { foldBatch } from '#domain/patterns/fold-batch.ts';
import type { FoldEffect } from '#domain/patterns/fold-effect.ts';
import { createFoldImage, type FoldImage, type ImageView, openImage } from '#domain/patterns/fold-image.ts';
import { BlockIncrements } from '#domain/statistics/block-increments.ts';
import type { MadeLog } from './make-log.ts';
import type { Items } from './worlds.ts';

/** What a log has come to. */
export interface Folded {
  readonly view: ImageView;
  readonly columns: Columns;
  readonly space: AttributeSpace;
  readonly effects: readonly FoldEffect[];
}

const BATCH = 1_000;
const increments = new BlockIncrements();

/** Folds a made-up log as the product does: encoder, foldBatch, settings at their positions. */
export function foldMade({ entries, swaps }: MadeLog): Folded {
  let space = createAttributeSpace();
  let front: FoldImage = createFoldImage();
  let spare: FoldImage | null = null;
  let columns = emptyColumns();
  const effects: FoldEffect[] = [];
  for (let start = 0; start < entries.length; start += BATCH) {
    const rows = entries.slice(start, start + BATCH);
    const settings = swaps.filter(
      ({ effectiveAfter }) => effectiveAfter > start && effectiveAfter <= start + BATCH,
    );
    const encoded = encodeEntries(space, rows, settings);
    if (encoded.kind === 'refold') throw new Error(`refold because of ${encoded.because.kind}`);
    const result = foldBatch({ front, spare, columns, batch: encoded.batch }, increments);
    spare = front;
    front = result.image;
    ({ columns } = result);
    ({ space } = encoded);
    effects.push(...result.effects);
  }
  return { view: openImage(front), columns, space, effects };
}

/** A tracked pattern in the world's own terms; null where it is about the calendar. */
export function itemsOf({ view, space }: Folded, index: number): Items | null {
  const { slots, codes } = trackedItems(view, index);
  const items = slots.map((slot, i): readonly [number, number] => {
    const attribute = space.searched[slot];
    if (attribute?.type !== 'string') throw new RangeError(`slot ${slot} holds no category`);
    const value = attribute.values[(codes[i] ?? 0) - 1] ?? '';
    return attribute.key === 'month' ? [-1, 0] : [Number(attribute.key.slice(1)), Number(value.slice(1))];
  });
  return items.some(([attribute]) => attribute < 0) ? null : items.sort((x, y) => x[0] - y[0]);
}
