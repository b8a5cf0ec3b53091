import type { LogFacts } from '../outcomes/log-facts.ts';
import type { OutcomeCounts } from './outcome-counts.ts';

/** Counts of one local day (days since 1970-01-01 in the workspace's zone). */
export interface DayCounts extends OutcomeCounts {
  readonly localDay: number;
}

/** Days that have had an outcome, ascending. */
export type DailyCounts = readonly DayCounts[];

/** The counts after more entries; a retract is taken off the day of its add. Cost: O(days + entries). */
export function addToDays(days: DailyCounts, entries: readonly LogFacts[]): DailyCounts {
  if (entries.length === 0) return days;
  const byDay = new Map(days.map((day) => [day.localDay, day]));
  for (const { localDay, result, kind } of entries) {
    const day = byDay.get(localDay) ?? { localDay, successes: 0, failures: 0, neutral: 0 };
    const delta = kind === 'add' ? 1 : -1;
    byDay.set(localDay, {
      localDay,
      successes: day.successes + (result === 'success' ? delta : 0),
      failures: day.failures + (result === 'failure' ? delta : 0),
      neutral: day.neutral + (result === 'neutral' ? delta : 0),
    });
  }
  return [...byDay.values()].sort((a, b) => a.localDay - b.localDay);
}
