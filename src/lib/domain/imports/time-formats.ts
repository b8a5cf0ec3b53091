import type { ToInstant } from '../time/zoned-time.ts';

/** How dates are written in a column. One format a column: nothing is guessed row by row. */
export const TIME_FORMATS = [
  'iso',
  'ymd-slash',
  'dmy-dot',
  'dmy-slash',
  'mdy-slash',
  'dmy-dash',
  'mdy-dash',
  'day-month-name',
  'month-name-day',
  'compact',
  'unix-seconds',
  'unix-milliseconds',
] as const;
export type TimeFormat = (typeof TIME_FORMATS)[number];

/** An example of each, for people. */
export const TIME_FORMAT_EXAMPLES: Record<TimeFormat, string> = {
  iso: '2024-03-31 or 2024-03-31 14:05',
  'ymd-slash': '2024/03/31',
  'dmy-dot': '31.03.2024',
  'dmy-slash': '31/03/2024 (day first)',
  'mdy-slash': '03/31/2024 (month first)',
  'dmy-dash': '31-03-2024 (day first)',
  'mdy-dash': '03-31-2024 (month first)',
  'day-month-name': '31 Mar 2024',
  'month-name-day': 'Mar 31, 2024',
  compact: '20240331',
  'unix-seconds': '1711893900 (seconds since 1970)',
  'unix-milliseconds': '1711893900000 (milliseconds since 1970)',
};

const CLOCK = String.raw`(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?)?\s*(Z|[+-]\d{2}:?\d{2})?`;
const dated = (pattern: string) => new RegExp(`^${pattern}${CLOCK}$`, 'u');

/** Where year, month and day stand in a pattern's first three groups. */
type Order = 'ymd' | 'dmy' | 'mdy';
const SHAPES: Partial<Record<TimeFormat, { pattern: RegExp; order: Order }>> = {
  iso: { pattern: dated(String.raw`(\d{4})-(\d{1,2})-(\d{1,2})`), order: 'ymd' },
  'ymd-slash': { pattern: dated(String.raw`(\d{4})\/(\d{1,2})\/(\d{1,2})`), order: 'ymd' },
  'dmy-dot': { pattern: dated(String.raw`(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})`), order: 'dmy' },
  'dmy-slash': { pattern: dated(String.raw`(\d{1,2})\/(\d{1,2})\/(\d{4}|\d{2})`), order: 'dmy' },
  'mdy-slash': { pattern: dated(String.raw`(\d{1,2})\/(\d{1,2})\/(\d{4}|\d{2})`), order: 'mdy' },
  'dmy-dash': { pattern: dated(String.raw`(\d{1,2})-(\d{1,2})-(\d{4}|\d{2})`), order: 'dmy' },
  'mdy-dash': { pattern: dated(String.raw`(\d{1,2})-(\d{1,2})-(\d{4}|\d{2})`), order: 'mdy' },
  'day-month-name': {
    pattern: dated(String.raw`(\d{1,2})[ -]([A-Za-z]{3,9})\.?[ ,-]+(\d{4})`),
    order: 'dmy',
  },
  'month-name-day': { pattern: dated(String.raw`([A-Za-z]{3,9})\.? (\d{1,2}),? +(\d{4})`), order: 'mdy' },
  compact: { pattern: dated(String.raw`(\d{4})(\d{2})(\d{2})`), order: 'ymd' },
};

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH_NAMES = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
/** Outcomes are from 1900 on, in UTC; a year later holds in every zone. */
const FIRST_YEAR = 1901;
const LAST_YEAR = 2199;

function monthNumber(text: string): number | null {
  if (/^\d+$/u.test(text)) return Number(text);
  const lower = text.toLowerCase();
  const index = lower === 'sept' ? 8 : Math.max(MONTHS.indexOf(lower), MONTH_NAMES.indexOf(lower));
  return index === -1 ? null : index + 1;
}

/** Two digits mean 1970 to 2069, as POSIX has it. */
function fullYear(text: string): number {
  const year = Number(text);
  if (text.length > 2) return year;
  return year < 70 ? 2000 + year : 1900 + year;
}

/**
 * The instant that a text in this format means, in milliseconds since 1970; null when it is not in this format or no
 * such day exists (30 February). An offset in the text holds; without one, `toInstant` knows the zone.
 */
export function parseTime(text: string, format: TimeFormat, toInstant: ToInstant): number | null {
  if (format === 'unix-seconds' || format === 'unix-milliseconds') {
    // So many digits since 1973 and until 2286; fewer are some other number.
    const digits = format === 'unix-seconds' ? /^\d{9,10}(\.\d+)?$/u : /^\d{12,13}$/u;
    if (!digits.test(text)) return null;
    return Math.round(Number(text) * (format === 'unix-seconds' ? 1_000 : 1));
  }
  const shape = SHAPES[format];
  const match = shape?.pattern.exec(text);
  if (shape === undefined || match === null || match === undefined) return null;
  const [, first = '', second = '', third = '', hours, minutes, seconds, fraction, half, offset] = match;
  const [y, m, d] =
    shape.order === 'ymd'
      ? [first, second, third]
      : shape.order === 'dmy'
        ? [third, second, first]
        : [third, first, second];
  const year = fullYear(y);
  const month = monthNumber(m);
  const day = Number(d);
  if (year < FIRST_YEAR || year > LAST_YEAR || month === null) return null;
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return null;
  const hour = hourOfDay(hours, half);
  const minute = Number(minutes ?? 0);
  const second_ = Number(seconds ?? 0);
  if (hour === null || minute > 59 || second_ > 59) return null;
  const wall = {
    year,
    month,
    day,
    hour,
    minute,
    second: second_,
    millisecond: fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1_000),
  };
  if (offset === undefined) return toInstant(wall);
  const utc = Date.UTC(year, month - 1, day, hour, minute, second_, wall.millisecond);
  return utc - offsetMs(offset);
}

function hourOfDay(hours: string | undefined, half: string | undefined): number | null {
  const hour = Number(hours ?? 0);
  if (half === undefined) return hour > 23 ? null : hour;
  if (hour < 1 || hour > 12) return null;
  return (hour % 12) + (half.toLowerCase().startsWith('p') ? 12 : 0);
}

function offsetMs(offset: string): number {
  if (offset === 'Z') return 0;
  const sign = offset.startsWith('-') ? -1 : 1;
  return sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))) * 60_000;
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
