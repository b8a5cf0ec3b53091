const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions, timeZone: string): Intl.DateTimeFormat {
  const key = `${timeZone} ${JSON.stringify(options)}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', { ...options, timeZone });
  formats.set(key, made);
  return made;
}

const day = (at: Date, timeZone: string) =>
  format({ year: 'numeric', month: '2-digit', day: '2-digit' }, timeZone).format(at);

/** 3 Nov (this year), 3 Nov 2024. */
function date(at: Date, now: Date, timeZone: string): string {
  const thisYear =
    format({ year: 'numeric' }, timeZone).format(at) === format({ year: 'numeric' }, timeZone).format(now);
  return format(
    { day: 'numeric', month: 'short', ...(!thisYear && { year: 'numeric' as const }) },
    timeZone,
  ).format(at);
}

/** now, 14 s, 6 min, 2 h, then 14:30 (today), 3 Nov (this year), 3 Nov 2024. */
export function relativeTime(iso: string, nowMs: number, timeZone = 'UTC'): string {
  const at = new Date(iso);
  const now = new Date(nowMs);
  const seconds = (nowMs - at.getTime()) / 1000;
  if (seconds > -60 && seconds < 5) return 'now';
  if (seconds >= 0 && seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds >= 0 && seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  const sameDay = day(at, timeZone) === day(now, timeZone);
  if (sameDay && seconds >= 0 && seconds < 6 * 3_600) return `${Math.floor(seconds / 3_600)} h`;
  if (sameDay) return format({ hour: '2-digit', minute: '2-digit' }, timeZone).format(at);
  return date(at, now, timeZone);
}

const DAY_MS = 86_400_000;

/** Days since 1970 by the calendar of the zone. */
function dayNumber(at: Date, timeZone: string): number {
  const [of = 1, month = 1, year = 1970] = day(at, timeZone).split('/').map(Number);
  return Date.UTC(year, month - 1, of) / DAY_MS;
}

/** today, tomorrow, then 3 Nov (this year), 3 Nov 2024. */
export function dayWords(ms: number, nowMs: number, timeZone = 'UTC'): string {
  const [at, now] = [new Date(ms), new Date(nowMs)];
  const ahead = dayNumber(at, timeZone) - dayNumber(now, timeZone);
  if (ahead === 0) return 'today';
  return ahead === 1 ? 'tomorrow' : date(at, now, timeZone);
}

/** `3 Nov 2025, 14:30:05 CET`, for the tooltip. */
export function exactTime(iso: string, timeZone = 'UTC'): string {
  return format(
    {
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'short',
    },
    timeZone,
  ).format(new Date(iso));
}

/** `10:42`, or `10:42:07` with seconds. */
export function clockTime(ms: number, timeZone = 'UTC', seconds = false): string {
  return format(
    { hour: '2-digit', minute: '2-digit', ...(seconds && { second: '2-digit' as const }) },
    timeZone,
  ).format(new Date(ms));
}
