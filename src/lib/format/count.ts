const FULL = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const SHORT = [
  { from: 1e9, unit: 'B' },
  { from: 1e6, unit: 'M' },
] as const;

/** 45,211 in full up to 999,999, then 1.24 M (cut, not rounded: a count never reads as more than it is). */
export function count(n: number): string {
  const short = SHORT.find(({ from }) => Math.abs(n) >= from);
  if (!short) return FULL.format(n).replace('-', '−');
  return `${(Math.trunc((n / short.from) * 100) / 100).toFixed(2).replace('-', '−')} ${short.unit}`;
}

/** A place in the log, always in full: `#45,211`. */
export function position(p: number): string {
  return `#${FULL.format(p)}`;
}

/** `1 outcome`, `2 outcomes`, with the count as above. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
