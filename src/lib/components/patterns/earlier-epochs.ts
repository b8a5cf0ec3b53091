import type { DrawnEpoch } from '#lib/components/charts/drawn-epochs.ts';
import type { HistoryEpoch, HistoryPoint } from '#lib/contracts/pattern-insight.ts';
import { keptLogE } from '#domain/patterns/kept-log-e.ts';
import { isReading } from './last-reading.ts';

/** Batches may be large, and only their ends are kept: a line over a longer share of the log would be made up. */
const LONGEST_GAP = 0.25;

/**
 * What was kept of the epochs before the one that began after `startedAt`, ascending. None where too little was kept to
 * draw a line through it.
 */
export function earlierEpochs(
  history: readonly HistoryPoint[],
  epochs: readonly HistoryEpoch[],
  startedAt: number,
): DrawnEpoch[] {
  const earlier = history.filter(({ position }) => position < startedAt);
  if (!isDense(earlier, startedAt)) return [];
  const found: DrawnEpoch[] = [];
  const [first] = earlier;
  // Without the point before it nobody knows where the first began.
  const isWhole = first?.confidenceBefore === null && !isReading(first);
  let after = isWhole ? 0 : (first?.position ?? 0);
  for (const { until, side } of epochs) {
    const end = until ?? Infinity;
    const own = earlier.filter(({ position }) => position >= after && position < end);
    if (own.length > 0) {
      found.push({
        startedAt: after,
        side,
        stands: own.some(({ status }) => status === 'emerging' || status === 'confirmed'),
        points: own.map((point) => ({
          position: point.position,
          n: point.n,
          logEPlus: keptLogE(point, 'better'),
          logEMinus: keptLogE(point, 'worse'),
        })),
      });
    }
    after = Math.max(after, end);
  }
  return found;
}

function isDense(earlier: readonly { position: number }[], until: number): boolean {
  if (earlier.length === 0) return false;
  const places = [...earlier.map(({ position }) => position), until];
  return places.every((place, at) => place - (places[at - 1] ?? place) <= until * LONGEST_GAP);
}
