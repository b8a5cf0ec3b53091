import type { Result } from '../outcomes/results.ts';
import { isRecordableValue } from '../outcomes/fixed-point.ts';
import { externalIdOfRow } from './external-id.ts';
import type { AttributeColumn, ImportMapping } from './mapping.ts';
import { isAbsentNumber, parseNumber } from './parse-number.ts';
import { TIME_FORMAT_EXAMPLES, parseTime } from './time-formats.ts';
import type { ToInstant } from '../time/zoned-time.ts';

/** A row as an outcome: the shape of contracts/outcome.ts, whose rules hold here too. */
export interface ImportedOutcome {
  externalId: string;
  subject: string;
  result: Result;
  attributes: Record<string, string | number | boolean>;
  occurredAt?: string;
  variant?: string;
  value?: number;
  note?: string;
}

/** Why a row cannot be an outcome. `column` is null when the row as a whole is at fault. */
export interface RowProblem {
  row: number;
  column: string | null;
  reason: string;
}

export interface RowMapper {
  /** The outcome, or null after at least one call of `problem`. */
  map(row: number, fields: readonly string[], problem: (problem: RowProblem) => void): ImportedOutcome | null;
  /** Only the time of a row (milliseconds since 1970); NaN when it has none. */
  timeOf(fields: readonly string[]): number;
}

export interface RowMapperOptions {
  names: readonly string[];
  mapping: ImportMapping;
  toInstant: ToInstant;
  /** SHA-256 of the file, for rows without an id of their own. */
  digest: string;
  /** An outcome after this instant (milliseconds since 1970) has not happened yet. */
  latestMs: number;
}

const LONGEST = { id: 200, text: 500, note: 2_000 } as const;
const TRUE_WORDS = new Set(['true', 't', 'yes', 'y', '1']);
const FALSE_WORDS = new Set(['false', 'f', 'no', 'n', '0']);
/** Dates repeat; beyond this many different ones remembering them costs more than reading them again. */
const REMEMBERED_TIMES = 100_000;

/** PostgreSQL texts hold no NUL, and nothing readable does. */
const holdsNul = (text: string) => text.includes('\0');

/** Turns rows into outcomes by one mapping; made once for a file, so that a row costs a few microseconds. */
export function rowMapper({ names, mapping, toInstant, digest, latestMs }: RowMapperOptions): RowMapper {
  const success = new Set(mapping.success);
  const neutral = new Set(mapping.neutral);
  const times = new Map<string, { ms: number; iso: string } | null>();
  const seenIds = new Set<string>();
  const nameOf = (column: number) => names[column] ?? null;

  function timeAt(text: string): { ms: number; iso: string } | null {
    const known = times.get(text);
    if (known !== undefined) return known;
    const ms = mapping.time === null ? null : parseTime(text, mapping.time.format, toInstant);
    const found = ms === null ? null : { ms, iso: new Date(ms).toISOString() };
    if (times.size >= REMEMBERED_TIMES) times.clear();
    times.set(text, found);
    return found;
  }

  function resultOf(text: string): Result {
    if (success.has(text)) return 'success';
    return neutral.has(text) ? 'neutral' : 'failure';
  }

  return {
    timeOf(fields) {
      if (mapping.time === null) return Number.NaN;
      return timeAt((fields[mapping.time.column] ?? '').trim())?.ms ?? Number.NaN;
    },
    map(row, fields, problem) {
      let bad = false;
      const fault = (column: number | null, reason: string) => {
        bad = true;
        problem({ row, column: column === null ? null : nameOf(column), reason });
      };
      if (fields.length !== names.length) {
        fault(null, `It has ${fields.length} fields, the header has ${names.length}.`);
        return null;
      }
      /** Trimmed text of an optional column, checked for length; undefined when absent. */
      const textAt = (column: number | null, longest: number): string | undefined => {
        if (column === null) return undefined;
        const text = (fields[column] ?? '').trim();
        if (text === '') return undefined;
        if (text.length > longest)
          fault(column, `It has ${text.length} characters; at most ${longest} are kept.`);
        else if (holdsNul(text)) fault(column, 'It holds a character that is no text (NUL).');
        else return text;
        return undefined;
      };

      const ended = (fields[mapping.outcome] ?? '').trim();
      if (ended === '') fault(mapping.outcome, 'It does not say how this ended.');

      const outcome: ImportedOutcome = {
        externalId: externalIdOfRow(digest, row),
        subject: `row ${row}`,
        result: resultOf(ended),
        attributes: {},
      };
      if (mapping.externalId !== null) {
        const own = textAt(mapping.externalId, LONGEST.id);
        if (own === undefined) {
          if (!bad) fault(mapping.externalId, 'It has no id.');
        } else if (seenIds.has(own)) {
          fault(mapping.externalId, `The id ${own} stands in an earlier row too.`);
        } else {
          seenIds.add(own);
          outcome.externalId = own;
        }
      }
      const subject = textAt(mapping.subject, LONGEST.id);
      if (subject !== undefined) outcome.subject = subject;
      if (mapping.time !== null) {
        const text = (fields[mapping.time.column] ?? '').trim();
        const found = timeAt(text);
        if (found !== null && found.ms > latestMs) {
          fault(
            mapping.time.column,
            `“${short(text)}” is more than a day in the future; an outcome has happened.`,
          );
        } else if (found !== null) outcome.occurredAt = found.iso;
        else if (text === '') fault(mapping.time.column, 'It has no date.');
        else
          fault(
            mapping.time.column,
            `“${short(text)}” is no date like ${TIME_FORMAT_EXAMPLES[mapping.time.format]}.`,
          );
      }
      if (mapping.value !== null) {
        const text = (fields[mapping.value.column] ?? '').trim();
        if (!isAbsentNumber(text)) {
          const value = parseNumber(text, mapping.value.numberStyle);
          if (value === null) fault(mapping.value.column, `“${short(text)}” is no number.`);
          else if (!isRecordableValue(value)) {
            fault(mapping.value.column, 'A value is a number between -1,000,000,000 and 1,000,000,000.');
          } else outcome.value = value;
        }
      }
      const variant = textAt(mapping.variant, LONGEST.id);
      if (variant !== undefined) outcome.variant = variant;
      const note = textAt(mapping.note, LONGEST.note);
      if (note !== undefined) outcome.note = note;
      for (const attribute of mapping.attributes) {
        const text = (fields[attribute.column] ?? '').trim();
        if (text === '') continue;
        const value = attributeValue(attribute, text);
        if (value === undefined) continue;
        if (typeof value === 'object') fault(attribute.column, value.reason);
        else outcome.attributes[attribute.key] = value;
      }
      return bad ? null : outcome;
    },
  };
}

const short = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** The attribute's value; undefined when it is absent, a reason when it cannot be read. */
function attributeValue(
  attribute: AttributeColumn,
  text: string,
): string | number | boolean | undefined | { reason: string } {
  switch (attribute.type) {
    case 'string':
      if (text.length > LONGEST.text) {
        return { reason: `It has ${text.length} characters; at most ${LONGEST.text} are kept.` };
      }
      return holdsNul(text) ? { reason: 'It holds a character that is no text (NUL).' } : text;
    case 'number': {
      if (isAbsentNumber(text)) return undefined;
      return parseNumber(text, attribute.numberStyle) ?? { reason: `“${short(text)}” is no number.` };
    }
    case 'boolean': {
      const word = text.toLowerCase();
      if (TRUE_WORDS.has(word)) return true;
      return FALSE_WORDS.has(word) ? false : { reason: `“${short(text)}” is neither true nor false.` };
    }
  }
}
