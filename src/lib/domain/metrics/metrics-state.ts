import type { LogFacts } from '../outcomes/log-facts.ts';
import { type Trend, trend } from '../statistics/trend.ts';
import { addToDays, type DailyCounts, type DayCounts } from './daily-counts.ts';
import type { OutcomeCounts } from './outcome-counts.ts';
import {
  extendHistory,
  historyPoints,
  NO_HISTORY,
  type RateHistory,
  type RatePoint,
} from './rate-history.ts';
import { NO_OUTCOMES, recentCounts, roll, type RollingOutcomes } from './rolling-outcomes.ts';

/** Everything the headline figures need, as of a position. Plain JSON, immutable, a fold of the log. */
export interface MetricsState {
  readonly version: 1;
  readonly position: number;
  readonly totals: OutcomeCounts;
  readonly days: DailyCounts;
  readonly rolling: RollingOutcomes;
  readonly history: RateHistory;
}

export function createMetrics(): MetricsState {
  return {
    version: 1,
    position: 0,
    totals: { successes: 0, failures: 0, neutral: 0 },
    days: [],
    rolling: NO_OUTCOMES,
    history: NO_HISTORY,
  };
}

/** The metrics after more log entries, gap-free from state.position + 1. */
export function foldMetrics(state: MetricsState, entries: readonly LogFacts[]): MetricsState {
  let { successes, failures, neutral } = state.totals;
  entries.forEach(({ position, result, kind }, i) => {
    if (position !== state.position + i + 1) {
      throw new RangeError(`foldMetrics expects position ${state.position + i + 1}, got ${position}`);
    }
    const delta = kind === 'add' ? 1 : -1;
    if (result === 'success') successes += delta;
    else if (result === 'failure') failures += delta;
    else neutral += delta;
  });
  return {
    version: 1,
    position: state.position + entries.length,
    totals: { successes, failures, neutral },
    days: addToDays(state.days, entries),
    rolling: roll(state.rolling, entries),
    history: extendHistory(state.history, entries),
  };
}

/** The counts of one local day, zeros when nothing ended on it. */
export function dayCounts(state: MetricsState, localDay: number): DayCounts {
  return (
    state.days.find((day) => day.localDay === localDay) ?? { localDay, successes: 0, failures: 0, neutral: 0 }
  );
}

/** The last 50 decided outcomes; rate is null when there is none. */
export function rollingRate(state: MetricsState): {
  readonly n: number;
  readonly successes: number;
  readonly rate: number | null;
} {
  const { n, successes } = recentCounts(state.rolling);
  return { n, successes, rate: n === 0 ? null : successes / n };
}

/** The arrow of the overall rate: the last 50 against everything earlier. */
export function overallTrend(state: MetricsState): Trend {
  const recent = recentCounts(state.rolling);
  const { n, successes } = state.rolling;
  return trend({ recent, earlier: { n: n - recent.n, successes: successes - recent.successes } });
}

/** At most 257 points of the cumulative rate over the log, oldest first. */
export function rateHistory(state: MetricsState): readonly RatePoint[] {
  return historyPoints(state.history);
}
