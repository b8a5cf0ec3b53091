import { clockTime, dayWords } from './relative-time.ts';

/** A stretch of time in words, its two ends apart so that each can carry its exact time. */
export interface PeriodWords {
  /** Null once it has begun. */
  from: string | null;
  until: string;
  /** What stands between them. */
  dash: '–' | ' – ';
}

/**
 * today 18:00–18:30, tomorrow 23:30 – 4 Dec 00:30; under way only its end: 18:30, tomorrow 00:30.
 */
export function periodWords(
  { from, until }: { from: string; until: string },
  nowMs: number,
  timeZone: string,
): PeriodWords {
  const hasBegun = Date.parse(from) <= nowMs;
  const [begins, ends] = [from, until].map((at) => dayWords(Date.parse(at), nowMs, timeZone));
  const startDay = hasBegun ? 'today' : begins;
  const isOneDay = ends === startDay;
  const time = (iso: string) => clockTime(Date.parse(iso), timeZone);
  return {
    from: hasBegun ? null : `${begins} ${time(from)}`,
    until: isOneDay ? time(until) : `${ends} ${time(until)}`,
    dash: isOneDay ? '–' : ' – ',
  };
}
