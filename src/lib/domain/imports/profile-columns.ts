import { NUMBER_STYLES, isAbsentNumber, parseNumber, type NumberStyle } from './parse-number.ts';
import { TIME_FORMATS, parseTime, type TimeFormat } from './time-formats.ts';
import type { ToInstant } from '../time/zoned-time.ts';

/** Looked at for proposals; enough to see rare values, and quick. Every row is checked later. */
export const PROFILED_ROWS = 50_000;
/** A category's dictionary holds so many values (DESIGN.md); a column with more is not proposed as one. */
export const CATEGORY_VALUES = 64;
const EXAMPLES = 3;
/** A column of times may hold so large a share of rows that are none: they are refused by name when checked. */
const TORN_TIMES = 0.05;
/** Distinct values that a format may fail on before it is given up. */
const FAILURES_KEPT = 200;

/** What the first rows say about one column. */
export interface ColumnProfile {
  index: number;
  name: string;
  /** Rows looked at, and those of them where the column is empty. */
  rows: number;
  empty: number;
  distinct: number;
  /** The most frequent values, at most 64, most frequent first. */
  values: { value: string; count: number }[];
  examples: string[];
  longest: number;
  /** Every value that is there is a number written like this. */
  numberStyle: NumberStyle | null;
  min: number | null;
  max: number | null;
  /** Digits that are a code, not a quantity: "007". */
  leadingZeros: boolean;
  /** Formats that read every value; if none does, those that read all but a few rows, the best first. */
  timeFormats: TimeFormat[];
}

export interface ColumnProfiler {
  add(fields: readonly string[]): void;
  finish(): ColumnProfile[];
}

interface Draft {
  counts: Map<string, number>;
  empty: number;
  longest: number;
  styles: NumberStyle[];
  /** Formats still possible, with the values that they do not read. */
  formats: Map<TimeFormat, string[]>;
  numbers: number;
  min: number;
  max: number;
  leadingZeros: boolean;
}

/** Collects what a mapping can be proposed from; add at most `PROFILED_ROWS` rows. */
export function profileColumns(names: readonly string[], toInstant: ToInstant): ColumnProfiler {
  const drafts = names.map((): Draft => ({
    counts: new Map(),
    empty: 0,
    longest: 0,
    styles: [...NUMBER_STYLES],
    formats: new Map(TIME_FORMATS.map((format) => [format, []])),
    numbers: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    leadingZeros: false,
  }));
  let rows = 0;

  function addNew(draft: Draft, text: string): void {
    if (text.length > draft.longest) draft.longest = text.length;
    for (const [format, failures] of draft.formats) {
      if (parseTime(text, format, toInstant) !== null) continue;
      if (failures.length >= FAILURES_KEPT) draft.formats.delete(format);
      else failures.push(text);
    }
    if (draft.styles.length > 0 && !isAbsentNumber(text)) {
      if (/^0\d/u.test(text)) draft.leadingZeros = true;
      draft.styles = draft.styles.filter((style) => parseNumber(text, style) !== null);
      const [style] = draft.styles;
      const number = style === undefined ? null : parseNumber(text, style);
      if (number !== null) {
        draft.numbers++;
        draft.min = Math.min(draft.min, number);
        draft.max = Math.max(draft.max, number);
      }
    }
  }

  return {
    add(fields) {
      rows++;
      for (const [index, draft] of drafts.entries()) {
        const text = (fields[index] ?? '').trim();
        if (text === '') {
          draft.empty++;
          continue;
        }
        const count = draft.counts.get(text);
        // A value seen before says nothing new about format and size.
        if (count === undefined) addNew(draft, text);
        draft.counts.set(text, (count ?? 0) + 1);
      }
    },
    finish: () => drafts.map((draft, index) => finished(draft, index, names[index] ?? '', rows)),
  };
}

function finished(draft: Draft, index: number, name: string, rows: number): ColumnProfile {
  const numeric = draft.numbers > 0 ? (draft.styles[0] ?? null) : null;
  return {
    index,
    name,
    rows,
    empty: draft.empty,
    distinct: draft.counts.size,
    values: [...draft.counts]
      .map(([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, CATEGORY_VALUES)
      .map(({ value, count }) => ({ value: value.slice(0, 200), count })),
    examples: [...draft.counts.keys()].slice(0, EXAMPLES).map((value) => value.slice(0, 80)),
    longest: draft.longest,
    numberStyle: numeric,
    min: numeric === null ? null : draft.min,
    max: numeric === null ? null : draft.max,
    leadingZeros: draft.leadingZeros,
    timeFormats: timeFormatsOfColumn(draft, rows),
  };
}

function timeFormatsOfColumn({ counts, formats, empty }: Draft, rows: number): TimeFormat[] {
  if (counts.size === 0) return [];
  const torn = [...formats].map(([format, failures]) => ({
    format,
    rows: failures.reduce((sum, text) => sum + (counts.get(text) ?? 0), 0),
  }));
  const perfect = torn.filter((one) => one.rows === 0);
  const kept = perfect.length > 0 ? perfect : torn.filter((one) => one.rows <= TORN_TIMES * (rows - empty));
  return kept.sort((a, b) => a.rows - b.rows).map(({ format }) => format);
}
