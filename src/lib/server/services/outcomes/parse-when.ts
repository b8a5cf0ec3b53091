import * as chrono from 'chrono-node';
import { wallTime, zoneClock, zoneOffsets } from '#domain/time/zoned-time.ts';

const MINUTE_MS = 60_000;

export type When = { kind: 'now' } | { kind: 'at'; ms: number } | { kind: 'unreadable' };

/**
 * Reads a time as people write it: "now", "yesterday 16:30", "3 Nov 14:00", "2026-03-01 16:30", "2 hours ago"; in
 * the time zone of the workspace unless the text names one.
 */
export function parseWhen(text: string, nowMs: number, timeZone: string): When {
  const written = text.trim();
  if (written === '' || /^now$/i.test(written)) return { kind: 'now' };
  const reference = { instant: new Date(nowMs), timezone: zoneOffsets(timeZone)(nowMs) / MINUTE_MS };
  const [found, ...others] = chrono.en.GB.parse(written, reference);
  if (found === undefined || others.length > 0 || found.end != null) return { kind: 'unreadable' };
  // Words that were not understood may be the ones that matter.
  if (written.replace(found.text, '').replace(/[\s.,]|\bat\b|\bon\b/gi, '') !== '')
    return { kind: 'unreadable' };
  const { start } = found;
  if (start.isCertain('timezoneOffset')) return { kind: 'at', ms: start.date().getTime() };
  const of = (part: chrono.Component) => start.get(part) ?? 0;
  const wall = {
    year: of('year'),
    month: of('month'),
    day: of('day'),
    hour: of('hour'),
    minute: of('minute'),
    second: of('second'),
    millisecond: 0,
  };
  return { kind: 'at', ms: zoneClock(timeZone)(wall) };
}

/** A time as `parseWhen` reads it back: 2026-03-01 16:30, in the time zone of the workspace. */
export function formatWhen(ms: number, timeZone: string): string {
  const wall = wallTime(ms, zoneOffsets(timeZone)(ms));
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${String(wall.year).padStart(4, '0')}-${two(wall.month)}-${two(wall.day)}`;
  const seconds = wall.second === 0 ? '' : `:${two(wall.second)}`;
  return `${date} ${two(wall.hour)}:${two(wall.minute)}${seconds}`;
}
