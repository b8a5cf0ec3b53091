const FAST_TRIES_MS = [250, 750, 1_500];
const FIRST_BACKOFF_MS = 3_000;
const LONGEST_MS = 30_000;

/**
 * Milliseconds to wait before the next attempt after `failures` ones that failed in a row: three fast tries, then
 * doubling up to half a minute, each spread over 50 to 100 % so that clients do not come back together.
 */
export function retryDelayMs(failures: number, random: number): number {
  const full =
    FAST_TRIES_MS[failures] ??
    Math.min(FIRST_BACKOFF_MS * 2 ** (failures - FAST_TRIES_MS.length), LONGEST_MS);
  return Math.round(full * (0.5 + random / 2));
}
