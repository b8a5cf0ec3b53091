import { describe, expect, it } from 'vitest';
import { compareImages } from '../../../../src/lib/domain/patterns/compare-images.ts';
import {
  type FoldImage,
  HEADER,
  imageFromBytes,
  openImage,
} from '../../../../src/lib/domain/patterns/fold-image.ts';
import { sectionRanges } from '../../../../src/lib/domain/patterns/image-layout.ts';
import { bytesOf, foldLog, randomLog, startFold } from '../fold-scripts.ts';

const { image } = foldLog(randomLog(9, { entries: 800 }), () => 200, startFold([], { trackedCap: 100 }));
const copy = (): FoldImage => imageFromBytes(image.layout, bytesOf(image));

describe('comparing images', () => {
  it('finds nothing between equal ones', () => {
    expect(compareImages(copy(), image)).toEqual([]);
  });

  it('finds a flipped bit wherever it is', () => {
    for (const { name, start, bytes } of sectionRanges(image.layout)) {
      if (bytes === 0) continue;
      const other = copy();
      const at = start + Math.floor(bytes / 2);
      const view = new Uint8Array(other.buffer);
      view[at] = (view[at] ?? 0) ^ 1;
      const found = compareImages(other, image);
      expect(found.map(({ count }) => count)).toEqual([1]);
      expect(found[0]?.section.split('.')[0]).toBe(name);
    }
  });

  it('names totals, and the patterns that numbers belong to', () => {
    const other = copy();
    const view = openImage(other);
    view.header[HEADER.successes] = 1;
    view.evidence.n[3] = 7_777;
    view.cells[(view.cell[5] ?? 0) * 3] = 1_000;
    const found = new Map(compareImages(other, image).map((difference) => [difference.section, difference]));
    expect([...found.keys()].sort()).toEqual(['cells', 'evidence.n', 'header']);
    expect(found.get('header')?.names).toEqual(['successes']);
    const itemsOf = (index: number) => {
      const depth = view.depth[index] ?? 0;
      const of = (three: Uint8Array) => [...three.subarray(index * 3, index * 3 + depth)];
      return { slots: of(view.slots), codes: of(view.codes) };
    };
    expect(found.get('evidence.n')?.patterns).toEqual([itemsOf(3)]);
    expect(found.get('cells')?.patterns).toEqual([itemsOf(5)]);
  });

  it('says when the layouts differ', () => {
    const other = startFold([], { trackedCap: 100 }).image;
    expect(compareImages(other, image)).toEqual([{ section: 'layout', count: 1, patterns: [], names: [] }]);
  });
});
