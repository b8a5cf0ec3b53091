/**
 * log(e^a + e^b) without overflow; -Infinity stands for a zero.
 *
 * Cost: one exp, one log1p. Worked number: logAddExp(log 2, log 3) = log 5 = 1.6094379124341003.
 */
export function logAddExp(a: number, b: number): number {
  const high = a > b ? a : b;
  if (high === -Infinity) return -Infinity;
  return high + Math.log1p(Math.exp((a > b ? b : a) - high));
}
