import type { CsvRecord } from './csv-record.ts';
import { orderByTime, shuffledOrder } from './order-rows.ts';
import type { RowMapper, RowProblem } from './row-mapper.ts';

/** So many problems are kept word by word; the others are counted. */
export const LISTED_PROBLEMS = 100;

/** What a whole file comes to, before anything is written. */
export interface CheckedRows {
  rows: number;
  good: number;
  /** Rows that cannot be outcomes. */
  bad: number;
  /** The first hundred problems; a bad row has one or more. */
  problems: RowProblem[];
  /** For each row after the header its time, NaN when there is none, and whether it is good. */
  times: Float64Array;
  isGood: Uint8Array;
}

export interface RowCheck {
  add(records: readonly CsvRecord[]): void;
  finish(unclosedRow: number | null): CheckedRows;
}

/** Checks rows one after the other; keeps 9 bytes a row. */
export function checkRows(mapper: RowMapper): RowCheck {
  let times = new Float64Array(1 << 14);
  let isGood = new Uint8Array(1 << 14);
  let rows = 0;
  let bad = 0;
  const problems: RowProblem[] = [];
  const note = (problem: RowProblem) => {
    if (problems.length < LISTED_PROBLEMS) problems.push(problem);
  };
  function keep(good: boolean, time: number): void {
    if (rows === times.length) {
      times = grown(times, new Float64Array(rows * 2));
      isGood = grown(isGood, new Uint8Array(rows * 2));
    }
    if (!good) bad++;
    isGood[rows] = good ? 1 : 0;
    times[rows] = time;
    rows++;
  }
  return {
    add(records) {
      for (const { row, fields } of records) {
        const good = mapper.map(row, fields, note) !== null;
        keep(good, good ? mapper.timeOf(fields) : Number.NaN);
      }
    },
    finish(unclosedRow) {
      if (unclosedRow !== null) {
        keep(false, Number.NaN);
        note({
          row: unclosedRow,
          column: null,
          reason: 'A quote is opened here and never closed: the rest cannot be read.',
        });
      }
      return {
        rows,
        good: rows - bad,
        bad,
        problems,
        times: times.subarray(0, rows),
        isGood: isGood.subarray(0, rows),
      };
    },
  };
}

function grown<A extends Float64Array | Uint8Array>(from: A, to: A): A {
  to.set(from);
  return to;
}

/**
 * Where each row comes in the order of recording, or -1 for a bad one. By time when there is a time column (ties
 * shuffled by `seed`), in the file's order otherwise; `shuffleAll` mixes the whole file instead.
 */
export function rankRows(
  checked: CheckedRows,
  byTime: boolean,
  seed: string,
  shuffleAll = false,
): Int32Array {
  const good = new Uint32Array(checked.good);
  let count = 0;
  for (let index = 0; index < checked.rows; index++) if (checked.isGood[index] === 1) good[count++] = index;
  const ranks = new Int32Array(checked.rows).fill(-1);
  const order = shuffleAll
    ? shuffledOrder(count, seed)
    : byTime
      ? orderByTime(
          Float64Array.from(good, (index) => checked.times[index] ?? 0),
          seed,
        )
      : null;
  for (let rank = 0; rank < count; rank++) ranks[good[order?.[rank] ?? rank] ?? 0] = rank;
  return ranks;
}
