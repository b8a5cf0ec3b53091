import { describe, expect, it } from 'vitest';
import {
  ColumnsFromParts,
  copyPart,
  PART_ROWS,
  partsAt,
  partsOfBatch,
} from '../../../../src/lib/domain/patterns/column-parts.ts';
import { encodeEntries } from '../../../../src/lib/domain/attributes/encode-entries.ts';
import { columnBytes, foldLog, randomLog, startFold, step } from '../fold-scripts.ts';

const LOG = randomLog(3, { entries: 4_500, retractShare: 0.2 });
/** Before the numbers are cut, in the first part. */
const EARLY = 300;

const partsOf = (fold: ReturnType<typeof startFold>) =>
  Array.from({ length: partsAt(fold.space.position) }, (_, part) => copyPart(fold.columns, fold.space, part));

describe('parts of the columns', () => {
  it('put together are the columns', () => {
    const fold = foldLog(LOG, () => 500);
    const columns = new ColumnsFromParts();
    partsOf(fold).forEach((part, i) => columns.put(i, part));
    const again = columns.finish();
    expect(partsAt(LOG.length)).toBe(2);
    expect(columnBytes(again, LOG.length)).toEqual(columnBytes(fold.columns, LOG.length));
    expect(partsOf({ ...fold, columns: again })).toEqual(partsOf(fold));
  });

  it('are those of their position, whatever has been folded since', () => {
    const early = foldLog(LOG.slice(0, EARLY), () => 100);
    const before = partsOf(early);
    const late = foldLog(LOG, () => 500, early);
    // Later retracts and cuts have reached back into the first rows.
    expect(partsOf(late)[0]?.codes).not.toEqual(before[0]?.codes);
    expect(partsOf(early)).toEqual(before);
  });

  it('do not show rows of a batch that was never applied', () => {
    const early = foldLog(LOG.slice(0, EARLY), () => 100);
    const before = partsOf(early);
    step(early, LOG.slice(EARLY, EARLY + 400));
    expect(partsOf(early)).toEqual(before);
  });

  it('of a batch are all that it writes to', () => {
    let fold = foldLog(LOG.slice(0, 100), () => 100);
    for (let at = 100; at < LOG.length; at += 350) {
      const entries = LOG.slice(at, at + 350);
      const encoded = encodeEntries(fold.space, entries, []);
      if (encoded.kind === 'refold') throw new Error('unexpected refold');
      const written = partsOfBatch(encoded.batch);
      const before = partsOf(fold);
      fold = step(fold, entries);
      partsOf(fold).forEach((part, i) => {
        if (before[i] === undefined || !written.has(i))
          expect(part.meta).toEqual(before[i]?.meta ?? part.meta);
        if (!written.has(i)) expect(part).toEqual(before[i]);
      });
    }
  });

  it('of another size are refused', () => {
    const part = { codes: new Uint8Array(PART_ROWS + 1), meta: new Uint8Array(PART_ROWS) };
    const put = () => new ColumnsFromParts().put(0, { ...part, values: null, retractedBy: null });
    expect(put).toThrow(RangeError);
  });
});
