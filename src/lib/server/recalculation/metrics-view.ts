import type { MetricsView } from '#lib/contracts/metrics.ts';
import { dayCounts, overallTrend, rateHistory, rollingRate } from '#lib/domain/metrics/metrics-state.ts';
import { fromFixedPoint } from '#lib/domain/outcomes/fixed-point.ts';
import { lastComparedAt } from '#lib/domain/patterns/compare-tracked.ts';
import { countStatuses } from '#lib/domain/patterns/count-statuses.ts';
import { openImage, readTotals } from '#lib/domain/patterns/fold-image.ts';
import { wilsonInterval } from '#lib/domain/statistics/wilson-interval.ts';
import { localDayOf } from './local-day.ts';
import type { FoldMemory } from './fold-memory.ts';

export interface MetricsInput {
  memory: FoldMemory;
  workspace: { timezone: string };
  now: number;
  openJourneys: number;
  waiting: { count: number; oldest: number | null };
  history: boolean;
}

/** Figures of a whole workspace as of the fold's position. */
export function metricsView({
  memory,
  workspace,
  now,
  openJourneys,
  waiting,
  history,
}: MetricsInput): MetricsView {
  const totals = readTotals(memory.image);
  const { metrics } = memory;
  const today = dayCounts(metrics, localDayOf(now, workspace.timezone));
  const recent = rollingRate(metrics);
  const { position } = totals;
  return {
    asOf: position,
    head: position + waiting.count,
    waiting: waiting.count,
    outcomes: totals.n + totals.neutral,
    successes: totals.successes,
    failures: totals.failures,
    neutral: totals.neutral,
    ...rateOf(totals.successes, totals.n),
    trend: overallTrend(metrics),
    recent: { n: recent.n, successes: recent.successes },
    today: {
      outcomes: today.successes + today.failures + today.neutral,
      successes: today.successes,
      failures: today.failures,
      neutral: today.neutral,
      ...rateOf(today.successes, today.successes + today.failures),
    },
    openJourneys,
    tracked: totals.tracked,
    trackedLeftOut: totals.leftOut,
    trackedLeftOutAt: lastComparedAt(position),
    byStatus: countStatuses(openImage(memory.image)),
    searched: totals.born,
    values:
      totals.values === null || totals.values.count === 0
        ? null
        : {
            n: totals.values.count,
            sum: fromFixedPoint(totals.values.sum),
            mean: fromFixedPoint(totals.values.sum) / totals.values.count,
          },
    ...(history ? { history: [...rateHistory(metrics)] } : {}),
    behindMs: waiting.oldest === null ? 0 : Math.max(0, now - waiting.oldest),
    lastOutcomeAt: memory.lastRecordedAtMs === null ? null : new Date(memory.lastRecordedAtMs).toISOString(),
  };
}

const rateOf = (successes: number, n: number) => ({
  rate: n === 0 ? null : successes / n,
  wilson: wilsonInterval(successes, n),
});
