import type { LogFacts } from '../outcomes/log-facts.ts';

/** Points that a history keeps at most. */
export const HISTORY_POINTS = 256;

/** The cumulative counts at a position; the rate is successes / n. */
export interface RatePoint {
  readonly position: number;
  readonly n: number;
  readonly successes: number;
}

/** The rate over the log, thinned: a point at each multiple of the stride, and the current state. */
export interface RateHistory {
  readonly stride: number;
  readonly points: readonly RatePoint[];
  readonly last: RatePoint;
}

export const NO_HISTORY: RateHistory = { stride: 1, points: [], last: { position: 0, n: 0, successes: 0 } };

/**
 * The history after more entries. When it is full, every second point goes and the stride doubles, so the
 * result depends on the log alone, not on its batches. Cost: O(points + entries).
 */
export function extendHistory(history: RateHistory, entries: readonly LogFacts[]): RateHistory {
  let { stride, last } = history;
  let points = [...history.points];
  for (const { position, result, kind } of entries) {
    const delta = result === 'neutral' ? 0 : kind === 'add' ? 1 : -1;
    last = { position, n: last.n + delta, successes: last.successes + (result === 'success' ? delta : 0) };
    if (position % stride === 0) points.push(last);
    if (points.length > HISTORY_POINTS) {
      stride *= 2;
      const doubled = stride;
      points = points.filter((point) => point.position % doubled === 0);
    }
  }
  return { stride, points, last };
}

/** The points to draw, the newest state included. */
export function historyPoints({ points, last }: RateHistory): readonly RatePoint[] {
  if (last.position === 0 || points[points.length - 1]?.position === last.position) return points;
  return [...points, last];
}
