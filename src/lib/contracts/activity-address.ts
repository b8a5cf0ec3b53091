import { ACTIVITY_KINDS, KINDS, type ActivityKind, type ActivityView } from './activity.ts';

/** What the activity is filtered by, as its address says it; empty texts filter nothing. */
export interface ActivityFilters {
  /** Id of a person or key. */
  who: string;
  kind: string;
}

export function readActivityFilters(search: URLSearchParams): ActivityFilters {
  const text = (name: string) => search.get(name)?.trim() ?? '';
  return { who: text('who'), kind: text('kind') };
}

/** The address of the activity with these filters, from the page itself; `before`: what is older than this. */
export function writeActivityFilters(filters: ActivityFilters, before: number | null = null): string {
  const search = new URLSearchParams();
  if (filters.kind !== '') search.set('kind', filters.kind);
  if (filters.who !== '') search.set('who', filters.who);
  if (before !== null) search.set('before', String(before));
  return `?${search}`;
}

export const isActivityFiltered = (filters: ActivityFilters): boolean =>
  writeActivityFilters(filters) !== '?';

const kindOf = ({ action }: ActivityView): ActivityKind | undefined =>
  KINDS.find((kind) => (ACTIVITY_KINDS[kind] as readonly string[]).includes(action));

/** Whether it belongs into the list with these filters. A login is of the person whose it is, whoever ended it. */
export function fitsActivity(filters: ActivityFilters, view: ActivityView): boolean {
  const kind = kindOf(view);
  const whose = kind === 'logins' ? view.target.id : view.actor.id;
  return (filters.kind === '' || filters.kind === kind) && (filters.who === '' || filters.who === whose);
}
