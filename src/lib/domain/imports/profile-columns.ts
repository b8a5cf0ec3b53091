import { NUMBER_STYLES, isAbsentNumber, parseNumber, type NumberStyle } from './parse-number.ts';
import { TIME_FORMATS, parseTime, type TimeFormat } from './time-formats.ts';
import type { ToInstant } from './zoned-time.ts';

/** Looked at for proposals; enough to see rare values, and quick. Every row is checked later. */
export const PROFILED_ROWS = 50_000;
/** A category's dictionary holds so many values (DESIGN.md); a column with more is not proposed as one. */
export const CATEGORY_VALUES = 64;
const EXAMPLES = 3;

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
  formats: TimeFormat[];
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
    formats: [...TIME_FORMATS],
    numbers: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    leadingZeros: false,
  }));
  let rows = 0;

  function addNew(draft: Draft, text: string): void {
    if (text.length > draft.longest) draft.longest = text.length;
    if (draft.formats.length > 0) {
      draft.formats = draft.formats.filter((format) => parseTime(text, format, toInstant) !== null);
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
    timeFormats: draft.counts.size > 0 ? draft.formats : [],
  };
}
