import { trackedPatterns } from '../../../src/lib/domain/patterns/tracked-patterns.ts';
import type { EvidenceColumns } from '../../../src/lib/domain/statistics/evidence-columns.ts';
import { GRID_SIZE } from '../../../src/lib/domain/statistics/evidence-grid.ts';
import type { Fold } from './fold-scripts.ts';

/** The index of the pattern with these items of string attributes. */
export function indexOf(fold: Fold, where: Readonly<Record<string, string | undefined>>): number {
  const wanted = Object.entries(where)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => {
      const slot = fold.space.searched.findIndex((attribute) => attribute.key === key);
      const attribute = fold.space.searched[slot];
      if (attribute?.type !== 'string') throw new Error(`${key} is no category`);
      return `${slot}=${attribute.values.indexOf(value ?? '') + 1}`;
    });
  const found = trackedPatterns(fold.image).find(
    ({ slots, codes }) => slots.map((slot, i) => `${slot}=${codes[i]}`).join() === [...wanted].sort().join(),
  );
  return found?.index ?? -1;
}

/** Everything that evidence columns hold of one place. */
export function evidenceAt(columns: EvidenceColumns, index: number): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]: [string, Float64Array | Int32Array]) => {
      const width = name === 'gridLogs' ? GRID_SIZE : 1;
      return [name, [...column.subarray(index * width, (index + 1) * width)]];
    }),
  );
}
