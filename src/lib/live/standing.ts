import type { Standing } from '#lib/contracts/notices.ts';

/** What stands by key, of what was loaded and what the feed told since; of two under one key the newer. */
export function standingOf<T>(loaded: readonly Standing<T>[], told: readonly Standing<T>[]): T[] {
  const newest = new Map(loaded.map((thing) => [thing.key, thing]));
  for (const thing of told) {
    if (thing.rev >= (newest.get(thing.key)?.rev ?? thing.rev)) newest.set(thing.key, thing);
  }
  return [...newest.values()]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .flatMap(({ value }) => (value === null ? [] : [value]));
}
