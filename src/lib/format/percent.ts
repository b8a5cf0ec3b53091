/** Digits after the point: two under 1 %, otherwise one; whole ends are written without. */
function digitsFor(rate: number): number {
  return rate > 0 && rate < 0.01 ? 2 : 1;
}

function inPercent(rate: number, digits: number): string {
  // Below the last digit shown, a rate that is not zero must not read as zero, nor one that is not all as all.
  const smallest = 10 ** -digits / 2;
  const value = rate * 100;
  if (rate > 0 && value < smallest) return `<${(10 ** -digits).toFixed(digits)}`;
  if (rate < 1 && value > 100 - smallest) return `>${(100 - 10 ** -digits).toFixed(digits)}`;
  if (rate === 0 || rate === 1) return String(value);
  return value.toFixed(digits);
}

/** A rate from 0 to 1 as percent: `14.9%`, `0.43%`, `0%`; a missing one is `–`. */
export function percent(rate: number | null): string {
  return rate === null ? '–' : `${inPercent(rate, digitsFor(rate))}%`;
}

/** A range of rates with an en dash and one sign: `14.5–15.3%`. `whole` for samples under 100. */
export function interval(ends: { low: number; high: number }, options: { whole?: boolean } = {}): string {
  const digits = options.whole ? 0 : digitsFor(ends.high);
  // An interval's end is a bound, so 0 and 1 up to rounding are written as such.
  const end = (rate: number) => Number((Math.min(1, Math.max(0, rate)) * 100).toFixed(digits));
  const words = (value: number) => (value === 0 || value === 100 ? String(value) : value.toFixed(digits));
  return `${words(end(ends.low))}–${words(end(ends.high))}%`;
}

/** Under five cases a rate is a count: `1 of 3`. No case: `–`. */
export const MIN_CASES_FOR_RATE = 5;

export function rateOrCount(rate: number | null, n: number, successes: number): string {
  if (n === 0 || rate === null) return '–';
  return n < MIN_CASES_FOR_RATE ? `${successes} of ${n}` : percent(rate);
}

/** The interval beside a rate: none without cases, whole numbers while the rate is a count. */
export function intervalBeside(n: number, ends: { low: number; high: number }): string {
  return n === 0 ? '' : interval(ends, { whole: n < MIN_CASES_FOR_RATE });
}
