import { createCsvReader, type CsvRecord, type Separator } from './csv-reader.ts';

/**
 * The records after the header, a batch for each piece of text, so that the caller may give way between them.
 * Returns the row in which a quote was opened and never closed, or null.
 */
export async function* readRows(
  pieces: AsyncIterable<string>,
  separator: Separator,
): AsyncGenerator<CsvRecord[], number | null, undefined> {
  const reader = createCsvReader(separator);
  let headerSeen = false;
  const withoutHeader = (records: CsvRecord[]) => {
    if (headerSeen || records.length === 0) return records;
    headerSeen = true;
    return records.slice(1);
  };
  for await (const piece of pieces) {
    const records = withoutHeader(reader.push(piece));
    if (records.length > 0) yield records;
  }
  const records = withoutHeader(reader.end());
  if (records.length > 0) yield records;
  return reader.unclosedRow;
}
