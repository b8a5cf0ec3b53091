/** A p-value: `< 0.001`, else two significant figures: `0.041`; never a bare zero. */
export function pValue(p: number | null): string {
  if (p === null) return '–';
  if (p < 0.001) return '< 0.001';
  return p >= 0.995 ? '1.0' : String(Number(p.toPrecision(2)));
}
