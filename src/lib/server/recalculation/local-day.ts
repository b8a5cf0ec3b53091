const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Days since 1970-01-01 of the calendar day that `ms` falls on in `timezone`. @throws RangeError for an unknown zone */
export function localDayOf(ms: number, timezone: string): number {
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: timezone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    formats.set(timezone, format);
  }
  return Math.floor(Date.parse(`${format.format(ms)}T00:00:00Z`) / DAY_MS);
}
