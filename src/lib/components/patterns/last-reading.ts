import type { HistoryPoint } from '#lib/contracts/pattern-insight.ts';

/** Whether a point holds all that was found as the log was read anew. */
export const isReading = ({ events }: Pick<HistoryPoint, 'events'>): boolean =>
  events.some(({ kind }) => kind === 'reread');

/** The points of a history, ascending, since the log was last read anew: what is before is of another reading. */
export function lastReading(points: readonly HistoryPoint[]): readonly HistoryPoint[] {
  return points.slice(Math.max(0, points.findLastIndex(isReading)));
}
