import { parseWhere } from '#lib/domain/outcomes/parse-where.ts';
import { MAX_PATTERN_ID, MAX_WHERE, NATURAL_ORDER, type PatternQuery } from './pattern.ts';

/** What the address of the patterns page says. */
export interface PatternsAddress {
  status: NonNullable<PatternQuery['status']> | null;
  sort: PatternQuery['sort'];
  order: 'asc' | 'desc' | null;
  direction: 'better' | 'worse' | null;
  depth: 1 | 2 | 3 | null;
  search: string;
  /** Conditions that the patterns have, as `attribute:value`. */
  where: string[];
  /** Every pattern by itself, not folded under the one that explains it. */
  flat: boolean;
  /** Ids of the patterns whose folded ones are shown. */
  open: string[];
  /** Two are being chosen to compare. */
  choosing: boolean;
  view: 'table' | 'cards';
  /** Rows shown; grows with "Show more". */
  show: number;
  cursor: string | null;
}

export const FIRST_PAGE = 50;
/** The longest list that is read at once; what follows is another page by cursor. */
export const LONGEST_PAGE = 1_000;

const oneOf = <T extends string>(value: string | null, known: readonly T[]): T | null =>
  known.find((item) => item === value) ?? null;

const MOST_OPEN = 20;

/** Reads the address; what it does not understand is as if it were not there. */
export function readAddress(params: URLSearchParams): PatternsAddress {
  const depth = Number(params.get('depth'));
  const show = Math.trunc(Number(params.get('show')));
  return {
    status: oneOf(params.get('status'), [
      'collecting',
      'emerging',
      'confirmed',
      'weakening',
      'retired',
    ] as const),
    sort: oneOf(params.get('sort'), Object.keys(NATURAL_ORDER) as PatternQuery['sort'][]) ?? 'leading',
    order: oneOf(params.get('order'), ['asc', 'desc'] as const),
    direction: oneOf(params.get('direction'), ['better', 'worse'] as const),
    depth: depth === 1 || depth === 2 || depth === 3 ? depth : null,
    search: (params.get('search') ?? '').trim().slice(0, 200),
    where: [...new Set(params.getAll('where'))]
      .filter((text) => text.length <= MAX_WHERE && parseWhere(text) !== null)
      .slice(0, 3),
    flat: params.has('flat'),
    open: [...new Set(params.getAll('open'))].filter((id) => id.length <= MAX_PATTERN_ID).slice(0, MOST_OPEN),
    choosing: params.has('choose'),
    view: params.get('view') === 'cards' ? 'cards' : 'table',
    show: Number.isFinite(show) && show > FIRST_PAGE ? Math.min(show, LONGEST_PAGE) : FIRST_PAGE,
    cursor: params.get('cursor')?.slice(0, 200) || null,
  };
}

/** What changes how the list is shown and not what is listed. */
const KEEPS_PLACE = new Set(['show', 'cursor', 'open', 'choosing']);

/** Words look everywhere; otherwise what another pattern explains is folded under it. */
export const isFolded = (address: Pick<PatternsAddress, 'flat' | 'search'>): boolean =>
  !address.flat && address.search === '';

/** The address as a query string, without what is the default; a change of what is listed starts at the top. */
export function writeAddress(address: PatternsAddress, change: Partial<PatternsAddress> = {}): string {
  const paging = Object.keys(change).every((key) => KEEPS_PLACE.has(key));
  const next = { ...address, ...(paging ? {} : { show: FIRST_PAGE, cursor: null, open: [] }), ...change };
  const params = new URLSearchParams();
  if (next.status) params.set('status', next.status);
  if (next.direction) params.set('direction', next.direction);
  if (next.depth) params.set('depth', String(next.depth));
  if (next.search) params.set('search', next.search);
  for (const condition of next.where) params.append('where', condition);
  if (next.flat) params.set('flat', '1');
  if (next.sort !== 'leading') params.set('sort', next.sort);
  if (next.order && next.order !== NATURAL_ORDER[next.sort]) params.set('order', next.order);
  if (next.view === 'cards') params.set('view', 'cards');
  if (next.choosing) params.set('choose', '1');
  for (const id of next.open) params.append('open', id);
  if (next.show > FIRST_PAGE) params.set('show', String(next.show));
  if (next.cursor) params.set('cursor', next.cursor);
  const text = params.toString();
  return text === '' ? '?' : `?${text}`;
}

/** Direction in which a column is sorted now, or null when another one is. */
export function sortedBy(
  address: PatternsAddress,
  sort: PatternQuery['sort'],
): 'ascending' | 'descending' | null {
  if (address.sort !== sort) return null;
  return (address.order ?? NATURAL_ORDER[sort]) === 'asc' ? 'ascending' : 'descending';
}

/** Where a column's header leads: its natural order first, then the other way round. */
export function sortLink(address: PatternsAddress, sort: PatternQuery['sort']): string {
  const now = sortedBy(address, sort);
  const order = now === null ? null : now === 'ascending' ? 'desc' : 'asc';
  return writeAddress(address, { sort, order, show: FIRST_PAGE, cursor: null });
}

/** The same for the service that lists patterns. */
export function toPatternQuery(
  address: PatternsAddress,
): Record<string, string | number | string[] | undefined> {
  return {
    explainedBy: isFolded(address) ? 'none' : undefined,
    where: address.where.length > 0 ? address.where : undefined,
    status: address.status ?? undefined,
    sort: address.sort,
    order: address.order ?? undefined,
    direction: address.direction ?? undefined,
    depth: address.depth ?? undefined,
    search: address.search || undefined,
    limit: address.show,
    cursor: address.cursor ?? undefined,
  };
}
