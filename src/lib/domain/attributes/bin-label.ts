import type { Bins } from './bins.ts';

/**
 * What people read for a bin: "< 33", "33–39", "≥ 48" for whole numbers, "0.5 to < 1.2" otherwise.
 *
 * Labels of one attribute are distinct, because its bins are.
 */
export function binLabel(bins: Bins, code: number): string {
  const own = bins.labels?.[code - 1];
  if (own !== undefined) return own;
  const low = bins.edges[code - 2];
  const high = bins.edges[code - 1];
  const show = bins.whole ? (edge: number) => String(Math.ceil(edge)) : decimals(bins.edges);
  if (low === undefined) return high === undefined ? 'any' : `< ${show(high)}`;
  if (high === undefined) return `≥ ${show(low)}`;
  if (!bins.whole) return `${show(low)} to < ${show(high)}`;
  const first = Math.ceil(low);
  const last = Math.ceil(high) - 1;
  if (last < first) return `${low} to < ${high}`;
  if (first === last) return String(first);
  return first < 0 ? `${first} to ${last}` : `${first}–${last}`;
}

/** What labels are told apart by when people write them: blanks do not count, and a hyphen is a dash. */
export function plainLabel(label: string): string {
  return label.replaceAll('–', '-').replaceAll(' ', '');
}

/** Six significant digits, unless two edges would then read the same. */
function decimals(edges: readonly number[]): (edge: number) => string {
  const short = (edge: number): string => String(Number(edge.toPrecision(6)));
  return new Set(edges.map(short)).size === edges.length ? short : String;
}
