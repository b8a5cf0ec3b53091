import { finished } from 'node:stream/promises';
import { Parser } from 'csv-parse';
import type { CsvRecord, Separator } from '#domain/imports/csv-record.ts';
import { csvOptions, isUnclosed, rowsRead } from './csv-options.ts';

/**
 * The records after the header, a batch for each piece of text, so that the caller may give way between them. Empty
 * lines are left out, but counted.
 * Returns the row in which a quote was opened and never closed, or null; nothing after it is read.
 */
export async function* readRows(
  pieces: AsyncIterable<string>,
  separator: Separator,
): AsyncGenerator<CsvRecord[], number | null, undefined> {
  let batch: CsvRecord[] = [];
  const parser = new Parser({ ...csvOptions(separator, (record) => batch.push(record)), from: 2 });
  // Without a listener a failure would end the process; `write` and `finished` tell it here.
  parser.on('error', () => undefined);
  parser.resume();
  try {
    for await (const piece of pieces) {
      await write(parser, piece);
      const ready = batch;
      batch = [];
      if (ready.length > 0) yield ready;
    }
    parser.end();
    await finished(parser, { readable: false });
    if (batch.length > 0) yield batch;
    return null;
  } catch (thrown) {
    if (!isUnclosed(thrown)) throw thrown;
    if (batch.length > 0) yield batch;
    return rowsRead(parser.info) + 1;
  } finally {
    parser.destroy();
  }
}

/** Waits until the parser has read the piece. */
const write = (parser: Parser, piece: string) =>
  new Promise<void>((resolve, reject) => {
    parser.write(piece, (error) => (error ? reject(error) : resolve()));
  });
