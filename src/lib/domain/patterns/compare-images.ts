import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { trackedItems } from './cell-of.ts';
import { type FoldImage, HEADER, type ImageView, openImage } from './fold-image.ts';
import { patternPlaces } from './image-layout.ts';

/** Numbers of one kind that two images hold differently. */
export interface ImageDifference {
  /** Such as `cells` or `evidence.n`. */
  readonly section: string;
  readonly count: number;
  /** Conditions of patterns concerned, by the second image; empty where the numbers belong to no pattern. */
  readonly patterns: readonly { readonly slots: readonly number[]; readonly codes: readonly number[] }[];
  /** Names of the numbers concerned, of those that have one. */
  readonly names: readonly string[];
}

type Column = Float64Array | Int32Array | Uint8Array;

/** Patterns and names that a difference tells of. */
const TOLD = 5;
const HEADER_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(HEADER).map(([name, place]) => [place, name]),
);

/**
 * Compares two images bit for bit; none where they are the same. Where their layouts differ, nothing else can be
 * compared. Cost: some ms where they are the same.
 */
export function compareImages(a: FoldImage, b: FoldImage): ImageDifference[] {
  if (JSON.stringify(a.layout) !== JSON.stringify(b.layout)) {
    return [{ section: 'layout', count: 1, patterns: [], names: [] }];
  }
  const views = [openImage(a), openImage(b)] as const;
  const others = new Map(columnsOf(views[1]));
  return columnsOf(views[0]).flatMap(([section, column]) => {
    const other = others.get(section);
    if (other === undefined) return [];
    const places = differingPlaces(column, other);
    if (places.length === 0) return [];
    return [{ section, count: places.length, ...tell(views[1], section, column.length, places) }];
  });
}

function columnsOf(view: object, path = ''): [string, Column][] {
  return Object.entries(view).flatMap(([name, value]: [string, unknown]): [string, Column][] => {
    if (value instanceof Float64Array || value instanceof Int32Array || value instanceof Uint8Array) {
      return [[path + name, value]];
    }
    if (typeof value !== 'object' || value === null || name === 'layout') return [];
    return columnsOf(value, `${path}${name}.`);
  });
}

function differingPlaces(column: Column, other: Column): number[] {
  const size = column.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  const others = new Uint8Array(other.buffer, other.byteOffset, other.byteLength);
  const places: number[] = [];
  for (let i = 0; i < bytes.length; i += 1) {
    if (byteAt(bytes, i) === byteAt(others, i)) continue;
    const place = Math.floor(i / size);
    places.push(place);
    i = (place + 1) * size - 1;
  }
  return places;
}

function tell(view: ImageView, section: string, length: number, places: readonly number[]) {
  const names = section === 'header' ? places.flatMap((place) => HEADER_NAMES.get(place) ?? []) : [];
  const indexes = new Set(places.map((place) => patternAt(view, section, length, place)));
  const patterns = [...indexes]
    .filter((index) => index >= 0 && byteAt(view.depth, index) > 0)
    .slice(0, TOLD)
    .map((index) => trackedItems(view, index));
  return { patterns, names: names.slice(0, TOLD) };
}

/** Index of the pattern that a number of a section belongs to; of a pair its child; -1: of none. */
function patternAt(view: ImageView, section: string, length: number, place: number): number {
  const all = patternPlaces(view.layout);
  if (section === 'cells') return patternOfCell(view, Math.floor(place / 3));
  if (section === 'valueSums' || section === 'valueCounts') return patternOfCell(view, place);
  if (section.startsWith('pair')) {
    const pair = Math.floor(place / (length / view.pairKind.length));
    return byteAt(view.pairKind, pair) === 0 ? -1 : int32At(view.pairChild, pair);
  }
  if (section.startsWith('joint')) {
    const joint = Math.floor(place / (length / view.jointPattern.length));
    return int32At(view.jointPattern, joint) - 1;
  }
  return length % all === 0 ? Math.floor(place / (length / all)) : -1;
}

function patternOfCell({ cell, depth, bornAt }: ImageView, wanted: number): number {
  for (let index = 0; index < cell.length; index += 1) {
    const lives = byteAt(depth, index) > 0 && float64At(bornAt, index) >= 0;
    if (lives && int32At(cell, index) === wanted) return index;
  }
  return -1;
}
