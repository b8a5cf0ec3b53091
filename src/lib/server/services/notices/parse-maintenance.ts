import { maintenanceInputSchema } from '#lib/contracts/notices.ts';
import { invalid } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { formatWhen, parseWhen } from '../outcomes/index.ts';

const DAY_MS = 86_400_000;
const TIME_ALONE = /^\d{1,2}:\d{2}$/;

export interface ParsedMaintenance {
  message: string;
  fromMs: number;
  untilMs: number;
  timezone: string;
}

/**
 * What an operator wrote, as times. Without a beginning it begins now; an end that is a time alone is the first one
 * after the beginning.
 * @throws AppError VALIDATION
 */
export function parseMaintenance(input: unknown, nowMs: number): ParsedMaintenance {
  const { message, from, until, timezone } = parseInput(maintenanceInputSchema, input);
  const fromMs = instantOf('from', from, nowMs, timezone);
  const untilMs = endOf(until, fromMs, nowMs, timezone);
  if (untilMs <= fromMs) throw wrong('until', 'It ends after it begins.');
  if (untilMs <= nowMs) throw wrong('until', 'That is over already.');
  return { message, fromMs, untilMs, timezone };
}

const wrong = (path: string, message: string) => invalid([{ path, message }]);

/** Of a calendar date: a day may have 23 or 25 hours. */
const dayAfter = (date: string): string => new Date(Date.parse(date) + DAY_MS).toISOString().slice(0, 10);

/** To the second, as it can be written: so what is read back is the same. */
function instantOf(path: string, text: string, nowMs: number, timezone: string): number {
  const when = parseWhen(text, nowMs, timezone);
  if (when.kind !== 'unreadable') return Math.floor((when.kind === 'at' ? when.ms : nowMs) / 1_000) * 1_000;
  throw wrong(path, 'This is not read as a time. Write “today 18:00” or 2026-03-01 18:00.');
}

function endOf(until: string, fromMs: number, nowMs: number, timezone: string): number {
  if (until === '') throw wrong('until', 'Say when it ends, such as 18:30.');
  if (!TIME_ALONE.test(until)) return instantOf('until', until, nowMs, timezone);
  const date = formatWhen(fromMs, timezone).slice(0, 10);
  const on = (day: string) => instantOf('until', `${day} ${until}`, nowMs, timezone);
  const sameDay = on(date);
  return sameDay > fromMs ? sameDay : on(dayAfter(date));
}
