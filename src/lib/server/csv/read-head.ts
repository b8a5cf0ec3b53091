import { parse } from 'csv-parse/sync';
import type { Separator } from '#domain/imports/csv-record.ts';
import { csvOptions, isUnclosed } from './csv-options.ts';

/** The fields of the first records of a text that may be cut off anywhere; the last one may be torn. */
export function readHead(head: string, separator: Separator, records: number): string[][] {
  const found: string[][] = [];
  try {
    parse(head, { ...csvOptions(separator, ({ fields }) => found.push(fields)), to: records });
  } catch (thrown) {
    if (!isUnclosed(thrown)) throw thrown;
  }
  return found;
}
