import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type ColumnPart, copyPart, PART_ROWS, partsAt } from '#lib/domain/patterns/column-parts.ts';
import { compareImages } from '#lib/domain/patterns/compare-images.ts';
import { conjunctionOf } from '#lib/domain/patterns/conjunction.ts';
import type { FoldDifference } from '../db/schema/snapshots.ts';
import type { FoldMemory } from './fold-memory.ts';

/** Parts of the columns compared before other work gets its turn. */
const AT_ONCE = 8;

/** Where what was kept and what the log gives are not the same, bit for bit; none when they are. */
export async function compareFolds(kept: FoldMemory, refolded: FoldMemory): Promise<FoldDifference[]> {
  return [
    ...imageDifferences(kept, refolded),
    ...(await columnDifferences(kept, refolded)),
    ...stateDifferences('space', kept.space, refolded.space),
    ...stateDifferences('metrics', kept.metrics, refolded.metrics),
    ...stateDifferences('metrics', restOf(kept), restOf(refolded)),
  ];
}

const restOf = ({ leaders, confirmations, lastRecordedAtMs }: FoldMemory) => ({
  leaders,
  confirmations,
  lastRecordedAtMs,
});

function imageDifferences(kept: FoldMemory, refolded: FoldMemory): FoldDifference[] {
  const { space } = refolded;
  return compareImages(kept.image, refolded.image).map(({ section, count, patterns, names }) => ({
    part: 'image',
    section,
    count,
    where: [...names, ...patterns.map(({ slots, codes }) => conjunctionOf(space, slots, codes).label)],
  }));
}

async function columnDifferences(kept: FoldMemory, refolded: FoldMemory): Promise<FoldDifference[]> {
  const rows = new Map<string, { count: number; first: number }>();
  const parts = Math.min(partsOf(kept), partsOf(refolded));
  for (let part = 0; part < parts; part += 1) {
    if (part % AT_ONCE === AT_ONCE - 1) await nextTurn();
    const [own, other] = [kept, refolded].map((memory) => columnsOf(memory, part));
    for (const [name, column] of own ?? []) {
      const differing = differingRows(column, other?.get(name) ?? null);
      const [first] = differing;
      if (first === undefined) continue;
      const known = rows.get(name) ?? { count: 0, first: part * PART_ROWS + first + 1 };
      rows.set(name, { ...known, count: known.count + differing.length });
    }
  }
  return [...rows].map(([section, { count, first }]) => ({
    part: 'columns',
    section,
    count,
    where: [`from position ${first}`],
  }));
}

const partsOf = ({ space, columns }: FoldMemory) =>
  Math.min(partsAt(space.position), columns.chunks.length * 16);

function columnsOf({ columns, space }: FoldMemory, part: number): Map<string, Uint8Array | null> {
  const { codes, meta, values, retractedBy }: ColumnPart = copyPart(columns, space, part);
  const named = space.searched.map(
    ({ key }, slot) => [key, codes.subarray(slot * PART_ROWS, (slot + 1) * PART_ROWS)] as const,
  );
  return new Map<string, Uint8Array | null>([
    ...named,
    ['result', meta],
    ['value', values],
    ['taken back by', retractedBy],
  ]);
}

function differingRows(column: Uint8Array | null, other: Uint8Array | null): number[] {
  const length = column?.byteLength ?? other?.byteLength ?? 0;
  const size = length / PART_ROWS;
  if (column !== null && other !== null && Buffer.compare(column, other) === 0) return [];
  const differing: number[] = [];
  for (let row = 0; row < PART_ROWS && length > 0; row += 1) {
    const own = column?.subarray(row * size, (row + 1) * size);
    const others = other?.subarray(row * size, (row + 1) * size);
    if (own === undefined || others === undefined || Buffer.compare(own, others) !== 0) differing.push(row);
  }
  return differing;
}

/** Plain JSON on both sides: what was kept has been written as such. */
function stateDifferences(part: FoldDifference['part'], kept: object, refolded: object): FoldDifference[] {
  const plain = (value: object) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
  const [own, other] = [plain(kept), plain(refolded)];
  return [...new Set([...Object.keys(own), ...Object.keys(other)])]
    .filter((key) => !isDeepStrictEqual(own[key], other[key]))
    .map((section) => ({ part, section, count: 1, where: [] }));
}
