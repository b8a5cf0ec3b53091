import type { LogFacts } from '../outcomes/log-facts.ts';

export const ROLLING_WINDOW = 50;

/** The last decided outcomes (not neutral), oldest first, and how many there have been in all. */
export interface RollingOutcomes {
  readonly recent: readonly { readonly position: number; readonly success: boolean }[];
  readonly n: number;
  readonly successes: number;
}

export const NO_OUTCOMES: RollingOutcomes = { recent: [], n: 0, successes: 0 };

/**
 * The ring after more entries. A retract takes its add out of the ring, if it is still there; the gap is
 * filled by the next outcomes, not by older ones. Cost: O(window + entries).
 */
export function roll(state: RollingOutcomes, entries: readonly LogFacts[]): RollingOutcomes {
  let { n, successes } = state;
  let recent = [...state.recent];
  for (const { kind, result, position, retracts } of entries) {
    if (result === 'neutral') continue;
    const success = result === 'success';
    const delta = kind === 'add' ? 1 : -1;
    n += delta;
    if (success) successes += delta;
    if (kind === 'add') recent.push({ position, success });
    else recent = recent.filter((one) => one.position !== retracts);
    if (recent.length > ROLLING_WINDOW) recent.shift();
  }
  return { recent, n, successes };
}

/** The ring's own counts. */
export function recentCounts({ recent }: RollingOutcomes): {
  readonly n: number;
  readonly successes: number;
} {
  return { n: recent.length, successes: recent.filter(({ success }) => success).length };
}
