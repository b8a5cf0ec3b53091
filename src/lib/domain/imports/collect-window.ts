import type { CsvRecord } from './csv-record.ts';

/** Rows of one stretch of the recording order, gathered in one pass over the file. */
export interface RowWindow {
  /** Gives the next rows of the file; true once every row of the window has been found. */
  add(records: readonly CsvRecord[]): boolean;
  /** In the order of recording. */
  readonly records: readonly CsvRecord[];
}

/**
 * A file in any order is recorded in the order of its times without being held whole: each pass over it keeps only
 * the rows whose rank is in [from, to). A second pass costs little beside recording what the first one gathered.
 */
export function collectWindow(ranks: Int32Array, from: number, to: number): RowWindow {
  const records: CsvRecord[] = new Array<CsvRecord>(to - from);
  let index = 0;
  let missing = to - from;
  return {
    add(batch) {
      for (const record of batch) {
        const rank = ranks[index++] ?? -1;
        if (rank < from || rank >= to) continue;
        records[rank - from] = record;
        missing--;
      }
      return missing === 0;
    },
    records,
  };
}
