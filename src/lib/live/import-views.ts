import type { ImportView } from '#lib/contracts/feed.ts';

/** Of what a load and the feed say of one import, the one that is further along. */
function further(loaded: ImportView, live: ImportView): ImportView {
  if ((loaded.finishedAt !== null) !== (live.finishedAt !== null))
    return loaded.finishedAt !== null ? loaded : live;
  return loaded.done > live.done ? loaded : live;
}

/** Imports of a load together with what the feed told since, newest first. */
export function mergeImports(loaded: readonly ImportView[], live: readonly ImportView[]): ImportView[] {
  const byId = new Map(loaded.map((view) => [view.id, view]));
  for (const view of live) {
    const known = byId.get(view.id);
    byId.set(view.id, known === undefined ? view : further(known, view));
  }
  return [...byId.values()].sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
}
