/** The line from which a pattern is more than collecting. */
export const CONFIDENCE_LINE = 0.8;

/** Confidence from 0 to 1 with two decimals, cut and not rounded: 0.80 appears only once it is reached. */
export function confidence(value: number | null): string {
  if (value === null) return '–';
  if (value > 0.99) return '>0.99';
  if (value < 0.01) return '<0.01';
  // The guard keeps 0.29 from becoming 0.28 through 28.999999999999996.
  return (Math.floor(value * 100 + 1e-9) / 100).toFixed(2);
}
