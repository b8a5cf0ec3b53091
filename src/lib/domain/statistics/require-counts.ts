/** Throws unless 0 ≤ successes ≤ trials, both integers: a programmer's mistake, never a user's. */
export function requireCounts(name: string, successes: number, trials: number): void {
  if (
    !Number.isSafeInteger(trials) ||
    !Number.isSafeInteger(successes) ||
    successes < 0 ||
    successes > trials
  ) {
    throw new RangeError(`${name} requires integers 0 <= successes <= trials, got ${successes} of ${trials}`);
  }
}
