import { SEPARATORS, type Separator } from '#domain/imports/csv-record.ts';
import { readHead } from './read-head.ts';

const RECORDS_LOOKED_AT = 50;

/**
 * Which separator a file uses, from its first lines: the one that cuts most of them into the same number of fields,
 * more fields winning. A file of one column is read with commas.
 */
export function sniffSeparator(head: string): Separator {
  let best: Separator = ',';
  let bestScore = 0;
  for (const separator of SEPARATORS) {
    const records = readHead(head, separator, RECORDS_LOOKED_AT);
    // The text is cut off somewhere: its last record may be a torn one.
    const whole = records.length > 2 ? records.slice(0, -1) : records;
    const width = whole[0]?.length ?? 0;
    if (width < 2) continue;
    const agreeing = whole.filter((fields) => fields.length === width).length;
    const score = (agreeing / whole.length) ** 2 * Math.log2(width + 1);
    if (score > bestScore) {
      best = separator;
      bestScore = score;
    }
  }
  return best;
}
