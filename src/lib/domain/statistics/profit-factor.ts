import { asymptoticHalfWidth } from './asymptotic-mean-sequence.ts';
import type { Interval } from './interval.ts';

/** Wins, and losses, below which no interval is shown. */
export const PROFIT_FACTOR_MINIMUM_OF_EACH = 20;

/** Totals over n valued outcomes; a loss counts as a positive amount, zeros are in neither. */
export interface GainsAndLosses {
  readonly n: number;
  readonly wins: number;
  readonly losses: number;
  readonly gain: number;
  readonly loss: number;
  readonly gainSquares: number;
  readonly lossSquares: number;
}

/**
 * Profit factor: what was gained for each unit lost, with its approximate anytime interval.
 *
 * The factor is Infinity without losses and null without either. The interval is null below 20 wins and 20 losses
 * ("collecting"), without losses, and where Fieller's region is not bounded ("not yet bounded"). Variant (STATISTICS
 * §7): Fieller's theorem on the asymptotic confidence sequence, N* = 500, covariance -ḡl̄ because no outcome is
 * both; the low end is cut at 0, below which no factor is. Cost: O(1). Worked number: 200 outcomes, gain 150,
 * loss 110: 1.3636, .8078 to 2.1715.
 */
export function profitFactor(
  totals: GainsAndLosses,
  alpha = 0.05,
): { readonly factor: number | null; readonly interval: Interval | null } {
  const { n, wins, losses, gain, loss } = totals;
  if (loss === 0) return { factor: gain > 0 ? Infinity : null, interval: null };
  const enough = wins >= PROFIT_FACTOR_MINIMUM_OF_EACH && losses >= PROFIT_FACTOR_MINIMUM_OF_EACH;
  return { factor: gain / loss, interval: n > 0 && enough ? fieller(totals, alpha) : null };
}

function fieller(
  { n, gain, loss, gainSquares, lossSquares }: GainsAndLosses,
  alpha: number,
): Interval | null {
  const k2 = asymptoticHalfWidth(n, alpha) ** 2;
  const g = gain / n;
  const l = loss / n;
  const a = l * l - k2 * (lossSquares / n - l * l);
  const b = g * l + k2 * g * l;
  const c = g * g - k2 * (gainSquares / n - g * g);
  const discriminant = b * b - a * c;
  if (a <= 0 || discriminant < 0) return null;
  const root = Math.sqrt(discriminant);
  return { low: Math.max(0, (b - root) / a), high: (b + root) / a };
}
