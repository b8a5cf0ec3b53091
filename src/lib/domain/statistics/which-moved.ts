import { rateConfidenceSequence } from './rate-confidence-sequence.ts';

export interface Counts {
  readonly n: number;
  readonly successes: number;
}

/** Counts up to a change alarm, and since. */
export interface BeforeAndSince {
  readonly before: Counts;
  readonly since: Counts;
}

/** A move that is less than this share of the other one's, in log odds, is not named beside it. */
const NAMED_SHARE = 1 / 4;

/**
 * Which rate the counts around a change alarm say has moved: that of the pattern, that of the rest, or both. Null where
 * they do not tell: no move is beyond chance, or what moved does not make the alarm's side.
 *
 * A rate has moved where its 95 % anytime intervals before and since have no point in common, so that it may be asked at
 * every look. "Pattern" does not say that the rest stood still: only that a move of it is not told, or is small beside the
 * pattern's. `side`: up where the pattern's odds against the rest have grown. Cost: four rateConfidenceSequence. Worked
 * number: 300 of 1,000 then 60 of 400, against 2,000 of 10,000 then 800 of 4,000, down: "pattern".
 */
export function whichMoved(
  side: 'up' | 'down',
  pattern: BeforeAndSince,
  rest: BeforeAndSince,
): 'pattern' | 'rest' | 'both' | null {
  const own = moveOf(pattern);
  const others = moveOf(rest);
  if ((own - others) * (side === 'up' ? 1 : -1) <= 0) return null;
  if (Math.abs(others) < NAMED_SHARE * Math.abs(own)) return 'pattern';
  return Math.abs(own) < NAMED_SHARE * Math.abs(others) ? 'rest' : 'both';
}

/** By how much its log odds have moved; 0 where that is not told. */
function moveOf({ before, since }: BeforeAndSince): number {
  const then = rateConfidenceSequence(before.successes, before.n);
  const now = rateConfidenceSequence(since.successes, since.n);
  const isTold = then.high < now.low || now.high < then.low;
  return isTold ? logOdds(since) - logOdds(before) : 0;
}

/** With half an outcome more on either side, so that none or all is no infinity. */
function logOdds({ n, successes }: Counts): number {
  return Math.log((successes + 0.5) / (n - successes + 0.5));
}
