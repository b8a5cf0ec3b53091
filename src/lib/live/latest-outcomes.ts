import type { OutcomeView } from '#lib/contracts/outcome.ts';

/** The newest outcomes with what became of them, as plain data. */
export interface LatestOutcomes {
  /** Newest first, without deleted ones. */
  items: readonly OutcomeView[];
  /** When an outcome came in live, by id. */
  arrived: ReadonlyMap<string, number>;
}

/** As a page's load has them, newest first. */
export const latestOf = (items: readonly OutcomeView[], limit: number): LatestOutcomes => ({
  items: items.slice(0, limit),
  arrived: new Map(),
});

/** A later version of an outcome: corrected, deleted or restored ones have a higher revision, placed ones a position. */
function isOlder(a: OutcomeView, b: OutcomeView): boolean {
  return a.revision < b.revision;
}

/** Ids are made in order of recording, so the newest has the greatest. */
const byNewest = (a: OutcomeView, b: OutcomeView): number => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);

export interface TakeOptions {
  limit: number;
  /** When they came in live; null: with the page. */
  now: number | null;
  /** Whether one belongs into this list; without it all do. */
  fits?: (outcome: OutcomeView) => boolean;
}

/**
 * Takes in outcomes as they are now. Applying the same ones again changes nothing; a version older than the one shown
 * is ignored, and one that is deleted or fits no more goes.
 */
export function takeOutcomes(
  state: LatestOutcomes,
  incoming: readonly OutcomeView[],
  { limit, now, fits = () => true }: TakeOptions,
): LatestOutcomes {
  const byId = new Map(state.items.map((item) => [item.id, item]));
  const arrived = new Map(state.arrived);
  for (const outcome of incoming) {
    const known = byId.get(outcome.id);
    if (known !== undefined && isOlder(outcome, known)) continue;
    if (outcome.deletedAt !== null || !fits(outcome)) {
      byId.delete(outcome.id);
      continue;
    }
    if (now !== null && (known === undefined || known.revision !== outcome.revision)) {
      arrived.set(outcome.id, now);
    }
    byId.set(outcome.id, {
      ...outcome,
      position: outcome.position ?? (known?.revision === outcome.revision ? known.position : null),
    });
  }
  const items = [...byId.values()].sort(byNewest).slice(0, limit);
  const shown = new Set(items.map(({ id }) => id));
  return { items, arrived: new Map([...arrived].filter(([id]) => shown.has(id))) };
}

/** Writes the positions at which the fold counted outcomes. */
export function placeOutcomes(
  state: LatestOutcomes,
  counted: readonly { id: string; position: number }[],
): LatestOutcomes {
  const positions = new Map(counted.map(({ id, position }) => [id, position]));
  if (!state.items.some((item) => positions.has(item.id) && positions.get(item.id) !== item.position))
    return state;
  return {
    ...state,
    items: state.items.map((item) => ({ ...item, position: positions.get(item.id) ?? item.position })),
  };
}
