import { CsvError, type Info, type Options } from 'csv-parse';
import type { CsvRecord, Separator } from '#domain/imports/csv-record.ts';

/** A record longer than this holds a quote that was never closed; without a bound one typo would eat memory. */
const LONGEST_RECORD_BYTES = 1_000_000;

/**
 * How files are read: as people's programs write them. CRLF and LF mix, rows may be torn (the check tells which), and
 * a quote inside a field is a character. Every record goes to `take` and nowhere else, so that what stands before a
 * record that cannot be read is not lost with it.
 */
export const csvOptions = (separator: Separator, take: (record: CsvRecord) => void): Options<string[]> => ({
  delimiter: separator,
  record_delimiter: ['\r\n', '\n'],
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
  max_record_size: LONGEST_RECORD_BYTES,
  on_record: (fields, info) => {
    take({ row: rowsRead(info), fields });
    return null;
  },
});

/** Rows up to and including the last record, as a spreadsheet counts: a record over several lines is one. */
export const rowsRead = (info: Pick<Info, 'records' | 'empty_lines'>): number =>
  info.records + info.empty_lines;

/** A quote was opened and never closed. */
export const isUnclosed = (thrown: unknown): boolean =>
  thrown instanceof CsvError &&
  (thrown.code === 'CSV_QUOTE_NOT_CLOSED' || thrown.code === 'CSV_MAX_RECORD_SIZE');
