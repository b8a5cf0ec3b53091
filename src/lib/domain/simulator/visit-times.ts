const HOUR_MS = 3_600_000;

/** Visits by hour of the day: quiet at night, peaks at breakfast, noon and after work. */
const OF_HOUR = [2, 1, 1, 1, 1, 2, 5, 9, 10, 8, 7, 8, 10, 9, 7, 7, 8, 10, 12, 13, 13, 11, 7, 4];
/** By day of the week from Sunday: a third more on weekends. */
const OF_DAY = [13, 10, 10, 10, 10, 10, 13];

export interface UtcHour {
  hour: number;
  weekday: number;
}

/** Hour and day in UTC; the simulator knows no other zone, so that its bytes are the same everywhere. */
export function utcHour(atMs: number): UtcHour {
  const date = new Date(atMs);
  return { hour: date.getUTCHours(), weekday: date.getUTCDay() };
}

/** How busy the hour of this instant is, between 10 and 169. */
export function busyness(atMs: number): number {
  const { hour, weekday } = utcHour(atMs);
  return (OF_HOUR[hour] ?? 1) * (OF_DAY[weekday] ?? 10);
}

/**
 * `count` instants in [fromMs, toMs), in order, dense where the cycle is busy. `jitter(k)` in [0, 1) places the k-th
 * within its share, so that any stretch can be made without the ones before it.
 */
export function visitTimes(
  fromMs: number,
  toMs: number,
  count: number,
  jitter: (index: number) => number,
): { at(index: number): number } {
  const hours = Math.max(1, Math.ceil((toMs - fromMs) / HOUR_MS));
  const cumulative = new Float64Array(hours + 1);
  for (let i = 0; i < hours; i++) {
    const start = fromMs + i * HOUR_MS;
    const share = Math.min(HOUR_MS, toMs - start) / HOUR_MS;
    cumulative[i + 1] = (cumulative[i] ?? 0) + busyness(start) * share;
  }
  const total = cumulative[hours] ?? 1;
  return {
    at(index) {
      const target = ((index + jitter(index)) / count) * total;
      let low = 0;
      let high = hours - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((cumulative[middle + 1] ?? 0) > target) high = middle;
        else low = middle + 1;
      }
      const before = cumulative[low] ?? 0;
      const within = (target - before) / Math.max((cumulative[low + 1] ?? 0) - before, 1e-9);
      const start = fromMs + low * HOUR_MS;
      return Math.min(toMs - 1, Math.floor(start + within * Math.min(HOUR_MS, toMs - start)));
    },
  };
}
