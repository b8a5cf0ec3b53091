import { columnNames } from '#domain/imports/column-names.ts';
import type { Separator } from '#domain/imports/csv-record.ts';
import { PROFILED_ROWS, profileColumns, type ColumnProfile } from '#domain/imports/profile-columns.ts';
import { zoneClock } from '#domain/time/zoned-time.ts';
import { readHead } from '../../csv/read-head.ts';
import { readRows } from '../../csv/read-rows.ts';
import { sniffSeparator } from '../../csv/sniff-separator.ts';
import { invalid } from '../../errors.ts';

const HEAD_CHARACTERS = 64 * 1024;
const MAX_COLUMNS = 500;

export interface FileProfile {
  separator: Separator;
  names: string[];
  columns: ColumnProfile[];
}

const refuse = (message: string): never => {
  throw invalid([{ path: 'file', message }], message);
};

/**
 * What the first rows of a file say. `pieces` is called twice, each time for the text from the start.
 * @throws AppError VALIDATION in words for a file that holds no rows or is no table of text
 */
export async function profileFile(
  pieces: () => AsyncIterable<string>,
  timezone: string,
): Promise<FileProfile> {
  let head = '';
  for await (const piece of pieces()) {
    head += piece;
    if (head.length >= HEAD_CHARACTERS) break;
  }
  refuseOtherFormats(head);
  const separator = sniffSeparator(head);
  const [header] = readHead(head, separator, 1);
  if (header === undefined) return refuse('This file is empty.');
  if (header.length > MAX_COLUMNS)
    return refuse(`This file has ${header.length} columns; at most ${MAX_COLUMNS} can be read.`);
  const names = columnNames(header);

  const profiler = profileColumns(names, zoneClock(timezone));
  let rows = 0;
  read: for await (const records of readRows(pieces(), separator)) {
    for (const { fields } of records) {
      // A torn row is told when the whole file is checked; here it would shift columns.
      if (fields.length === names.length) profiler.add(fields);
      if (++rows >= PROFILED_ROWS) break read;
    }
  }
  if (rows === 0) return refuse('This file has a first row with names and no rows after it.');
  return { separator, names, columns: profiler.finish() };
}

function refuseOtherFormats(head: string): void {
  if (head.startsWith('PK'))
    refuse('This is an Excel workbook or a zip file. Save the sheet as CSV and choose that file.');
  if (head.startsWith('%PDF')) refuse('This is a PDF. A table of text with one row per outcome is needed.');
  if (/^\s*[{[]/u.test(head))
    refuse('This looks like JSON. Send it with npm run record, or save a table as CSV.');
  if (head.slice(0, 4_096).includes('\0'))
    refuse('This is no file of text. Save the table as CSV and choose that file.');
}
