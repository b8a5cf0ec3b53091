import * as chrono from 'chrono-node';

const MINUTE_MS = 60_000;

interface WallTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

function wallTimeAt(ms: number, timeZone: string): WallTime {
  const parts = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
    timeZone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  }).formatToParts(ms);
  const of = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((part) => part.type === type)?.value ?? 0);
  return {
    year: of('year'),
    month: of('month'),
    day: of('day'),
    hour: of('hour'),
    minute: of('minute'),
    second: of('second'),
  };
}

const asUtc = (wall: WallTime): number =>
  Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);

/** Minutes that the zone is ahead of UTC at this instant. */
const offsetMinutesAt = (ms: number, timeZone: string): number =>
  Math.round((asUtc(wallTimeAt(ms, timeZone)) - Math.floor(ms / 1000) * 1000) / MINUTE_MS);

/** The instant at which a clock in the zone shows this; of an hour that exists twice, the first. */
function instantOf(wall: WallTime, timeZone: string): number {
  const guess = asUtc(wall);
  const earlier = guess - offsetMinutesAt(guess - 86_400_000, timeZone) * MINUTE_MS;
  if (offsetMinutesAt(earlier, timeZone) * MINUTE_MS === guess - earlier) return earlier;
  return guess - offsetMinutesAt(earlier, timeZone) * MINUTE_MS;
}

export type When = { kind: 'now' } | { kind: 'at'; ms: number } | { kind: 'unreadable' };

/**
 * Reads a time as people write it: "now", "yesterday 16:30", "3 Nov 14:00", "2026-03-01 16:30", "2 hours ago"; in
 * the time zone of the workspace unless the text names one.
 */
export function parseWhen(text: string, nowMs: number, timeZone: string): When {
  const written = text.trim();
  if (written === '' || /^now$/i.test(written)) return { kind: 'now' };
  const reference = { instant: new Date(nowMs), timezone: offsetMinutesAt(nowMs, timeZone) };
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
  };
  return { kind: 'at', ms: instantOf(wall, timeZone) };
}

/** A time as `parseWhen` reads it back: 2026-03-01 16:30, in the time zone of the workspace. */
export function formatWhen(ms: number, timeZone: string): string {
  const wall = wallTimeAt(ms, timeZone);
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${String(wall.year).padStart(4, '0')}-${two(wall.month)}-${two(wall.day)}`;
  const seconds = wall.second === 0 ? '' : `:${two(wall.second)}`;
  return `${date} ${two(wall.hour)}:${two(wall.minute)}${seconds}`;
}
