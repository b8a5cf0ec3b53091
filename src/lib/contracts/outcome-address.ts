import type { OutcomeView } from './outcome.ts';

/** What the list of outcomes is filtered by, as its address says it; empty texts filter nothing. */
export interface OutcomeFilters {
  subject: string;
  externalId: string;
  result: string;
  /** Only deleted ones. */
  deleted: boolean;
}

const TEXTS = ['subject', 'externalId', 'result'] as const;

export function readOutcomeFilters(search: URLSearchParams): OutcomeFilters {
  const text = (name: string) => search.get(name)?.trim() ?? '';
  return {
    subject: text('subject'),
    externalId: text('externalId'),
    result: text('result'),
    deleted: search.get('deleted') === 'only',
  };
}

/** The address of the list with these filters, from the list itself; `cursor`: the page after it. */
export function writeOutcomeFilters(filters: OutcomeFilters, cursor: string | null = null): string {
  const search = new URLSearchParams();
  for (const key of TEXTS) if (filters[key] !== '') search.set(key, filters[key]);
  if (filters.deleted) search.set('deleted', 'only');
  if (cursor !== null) search.set('cursor', cursor);
  return `?${search}`;
}

export const isFiltered = (filters: OutcomeFilters): boolean => writeOutcomeFilters(filters) !== '?';

/** Whether an outcome belongs into the list with these filters; deleted ones are not asked about here. */
export const fitsFilters = (
  filters: OutcomeFilters,
  outcome: Pick<OutcomeView, (typeof TEXTS)[number]>,
): boolean => TEXTS.every((key) => filters[key] === '' || outcome[key] === filters[key]);
