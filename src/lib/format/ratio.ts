/** A ratio that is not zero must not read as zero: below the last digit shown it is `<0.01×`. */
function times(ratio: number, digits: number): string {
  if (ratio === 0) return '0×';
  const last = 10 ** -digits;
  return ratio < last / 2 ? `<${last.toFixed(digits)}×` : `${ratio.toFixed(digits)}×`;
}

const digitsOfLift = (ratio: number) => (ratio < 0.1 ? 2 : ratio < 100 ? 1 : 0);

/** How many times the rest's rate: `2.6×`, `0.03×`; missing (the rest is 0 or there is none) is `–`. */
export function lift(ratio: number | null): string {
  if (ratio === null || !Number.isFinite(ratio)) return '–';
  return times(ratio, digitsOfLift(ratio));
}

/** A difference of two rates in points, signed: `+8.8 points`, `−0.4 points`. */
export function points(difference: number | null): string {
  if (difference === null) return '–';
  const value = Math.abs(difference * 100).toFixed(1);
  if (value === '0.0') return '0.0 points';
  return `${difference < 0 ? '−' : '+'}${value} points`;
}

/** A range of differences in points, `−0.4 to +8.8 points`. */
export function pointsRange(ends: { low: number; high: number }): string {
  const end = (difference: number) => points(difference).replace(' points', '');
  return `${end(ends.low)} to ${end(ends.high)} points`;
}

const digitsOfOdds = (ratio: number) => (ratio < 10 ? 2 : ratio < 100 ? 1 : 0);

/** An odds ratio: `1.39×`. */
export function odds(ratio: number | null): string {
  if (ratio === null || !Number.isFinite(ratio)) return '–';
  return times(ratio, digitsOfOdds(ratio));
}

/** An interval of odds ratios: `1.18–1.57×`; with one end open `at least 1.18×`; with none `no bound yet`. */
export function oddsInterval(ends: { low: number | null; high: number | null }): string {
  const low = ends.low !== null && ends.low > 0 ? ends.low : null;
  const high = ends.high !== null && Number.isFinite(ends.high) ? ends.high : null;
  if (low === null && high === null) return 'no bound yet';
  if (high === null) return `at least ${odds(low)}`;
  if (low === null) return `at most ${odds(high)}`;
  return `${low.toFixed(digitsOfOdds(low))}–${odds(high)}`;
}
