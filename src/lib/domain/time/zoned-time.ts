/** A time as a clock on the wall shows it. */
export interface WallTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
}

/** The instant (milliseconds since 1970) at which clocks of one zone show this time. */
export type ToInstant = (wall: WallTime) => number;

/** Zones change their offset at full quarters of an hour only. */
const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;

/**
 * Wall time to instant in an IANA zone. A time that a clock change skips moves forward by the gap, one that happens
 * twice means the first (as RFC 5545 and Temporal's "compatible" do). Offsets are remembered, so that a file of a
 * million rows asks the zone's rules a few thousand times.
 * @throws RangeError for an unknown zone
 */
export function zoneClock(zone: string): ToInstant {
  if (zone === 'UTC') return asUtc;
  const offsetAt = zoneOffsets(zone);
  return (wall) => {
    const naive = asUtc(wall);
    const before = offsetAt(naive - DAY_MS);
    const after = offsetAt(naive + DAY_MS);
    if (before === after) return naive - before;
    const first = naive - before;
    if (offsetAt(first) === before) return first;
    const second = naive - after;
    return offsetAt(second) === after ? second : first;
  };
}

/** What clocks of a zone show at an instant, by that zone's offset (milliseconds ahead of UTC). */
export function wallTime(instant: number, offset: number): WallTime {
  const shown = new Date(instant + offset);
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    second: shown.getUTCSeconds(),
    millisecond: shown.getUTCMilliseconds(),
  };
}

function asUtc(wall: WallTime): number {
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second, wall.millisecond);
}

/**
 * Milliseconds that an IANA zone is ahead of UTC at an instant.
 * @throws RangeError for an unknown zone
 */
export function zoneOffsets(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const known = new Map<number, number>();
  return (instant) => {
    const quarter = Math.floor(instant / QUARTER_MS) * QUARTER_MS;
    const found = known.get(quarter);
    if (found !== undefined) return found;
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(quarter)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    const offset = Date.UTC(year, month - 1, day, hour, minute, second) - quarter;
    known.set(quarter, offset);
    return offset;
  };
}
