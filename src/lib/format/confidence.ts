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

/** From this share on it is nothing that chance would not bring. */
const NO_SURPRISE = 0.5;

/**
 * How often a pattern that is no better would ever come this high: `at most 5 of 100` for 0.80; `any number` where
 * chance alone brings as much.
 */
export function chanceOfEver(value: number): string {
  const share = (1 - value) / (5 * value);
  if (share >= NO_SURPRISE) return 'any number';
  if (share < 0.0001) return 'fewer than 1 of 10,000';
  if (share < 0.01) return `at most ${Math.ceil(share * 10_000)} of 10,000`;
  return `at most ${Math.ceil(share * 100 - 1e-9)} of 100`;
}
