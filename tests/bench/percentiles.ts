export interface Percentiles {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? NaN };
}

/** A row of a Markdown table. */
export function row(name: string, figures: Percentiles, budget: number | null): string {
  const ms = (value: number) => value.toFixed(1);
  const { p50, p95, p99, max } = figures;
  return `| ${name} | ${ms(p50)} | ${ms(p95)} | ${ms(p99)} | ${ms(max)} | ${budget ?? '–'} |`;
}
