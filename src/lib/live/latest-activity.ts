import type { ActivityView } from '#lib/contracts/activity.ts';

/** More than this many are not held, of those that fit and of the others; a page shows fewer. */
const HELD = 200;

/** What came live. `at`: when, before the reader's eyes; null where so much comes that nothing fades in. */
export interface CameActivity {
  view: ActivityView;
  at: number | null;
}

/**
 * With one more that came, once however often it is told. What does not fit is held apart, for the reader who chooses
 * another filter: the list for that one may be on its way already.
 */
export function withActivity(
  came: readonly CameActivity[],
  one: CameActivity,
  fits: (view: ActivityView) => boolean,
): readonly CameActivity[] {
  const all = [...came.filter(({ view }) => view.id !== one.view.id), one];
  if (all.length <= HELD) return all;
  const fitting = all.filter(({ view }) => fits(view));
  const others = all.filter(({ view }) => !fits(view));
  return [...others.slice(-HELD), ...fitting.slice(-HELD)];
}

/** A page's list with what came since and fits, newest first; `more`: there was no room for all. */
export function showActivity(
  base: readonly ActivityView[],
  came: readonly CameActivity[],
  { limit, fits }: { limit: number; fits: (view: ActivityView) => boolean },
): { items: readonly ActivityView[]; more: boolean } {
  const byId = new Map(base.map((view) => [view.id, view]));
  for (const { view } of came) if (fits(view)) byId.set(view.id, view);
  const all = [...byId.values()].sort((a, b) => b.id - a.id);
  return { items: all.slice(0, limit), more: all.length > limit };
}
