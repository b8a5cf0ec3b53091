/** How many times the rest's rate: `2.6×`; missing (the rest is 0 or there is none) is `–`. */
export function lift(ratio: number | null): string {
  if (ratio === null || !Number.isFinite(ratio)) return '–';
  return `${ratio.toFixed(ratio < 100 ? 1 : 0)}×`;
}

/** A difference of two rates in points, signed: `+8.8 points`, `−0.4 points`. */
export function points(difference: number | null): string {
  if (difference === null) return '–';
  const value = Math.abs(difference * 100).toFixed(1);
  if (value === '0.0') return '0.0 points';
  return `${difference < 0 ? '−' : '+'}${value} points`;
}
