export interface CatchUpSample {
  asOf: number;
  at: number;
}

/** Seconds until nothing waits, from the pace since the first sample; null while there is no pace to see. */
export function secondsToCatchUp(
  first: CatchUpSample | null,
  last: CatchUpSample,
  waiting: number,
): number | null {
  if (first === null) return null;
  const counted = last.asOf - first.asOf;
  const elapsedSeconds = (last.at - first.at) / 1_000;
  if (counted <= 0 || elapsedSeconds < 0.5) return null;
  return Math.max(1, Math.ceil(waiting / (counted / elapsedSeconds)));
}
