import { describe, expect, it } from 'vitest';
import { createAttributeSpace } from '../../../../src/lib/domain/attributes/attribute-space.ts';
import { encodeEntries } from '../../../../src/lib/domain/attributes/encode-entries.ts';
import { appendColumns } from '../../../../src/lib/domain/patterns/append-columns.ts';
import { CHUNK_ROWS, emptyColumns } from '../../../../src/lib/domain/patterns/columns.ts';
import type { EvidenceSubject } from '../../../../src/lib/domain/patterns/evidence-subject.ts';
import { replayEvidence, startCursor } from '../../../../src/lib/domain/patterns/replay-evidence.ts';
import { StandingRows } from '../../../../src/lib/domain/patterns/standing-rows.ts';
import {
  createEvidence,
  type EvidenceColumns,
} from '../../../../src/lib/domain/statistics/evidence-columns.ts';
import { evidenceState } from '../../../../src/lib/domain/statistics/evidence-state.ts';
import { exactEvidence, sumEvidence } from '../../../../src/lib/domain/statistics/exact-evidence.ts';
import { INCREMENTS, randomLog } from '../fold-scripts.ts';

const ENTRIES = CHUNK_ROWS + 5_000;
const log = randomLog(5, { entries: ENTRIES, retractShare: 0.1, attributes: 4 });
const encoded = encodeEntries(createAttributeSpace(), log, []);
if (encoded.kind === 'refold') throw new Error('refold');
const { space, batch } = encoded;
const columns = appendColumns(emptyColumns(), batch);
const slotOf = (key: string) => space.searched.findIndex((attribute) => attribute.key === key);

const all = { universe: null, period: false, longestRun: Infinity, after: 0 };
const kind = { slots: [slotOf('kind')], codes: [2] };
const both = { slots: [slotOf('kind'), slotOf('flag2')], codes: [2, 1] };
const three = {
  slots: [slotOf('kind'), slotOf('flag2'), slotOf('category3')],
  codes: [1, 1, 2],
};
const SUBJECTS: Record<string, EvidenceSubject> = {
  single: { ...all, ...kind },
  triple: { ...all, ...three, longestRun: 2 },
  'by period': { ...all, ...kind, period: true },
  'since an entry': { ...all, ...both, after: 4_321 },
  'within its parent': { ...all, ...both, universe: { ...kind, outside: false } },
  'without its child': { ...all, ...kind, universe: { ...both, outside: true } },
};

/** Positions at which the fold stands still: within a word, at the ends of parts and of a chunk. */
const STOPS = [
  1,
  31,
  32,
  33,
  4_096,
  4_321,
  5_000,
  40_001,
  CHUNK_ROWS - 1,
  CHUNK_ROWS,
  CHUNK_ROWS + 7,
  ENTRIES,
];

const bytes = (columns: EvidenceColumns) =>
  Object.values(columns).map((column) => [...(column as Float64Array)]);

describe('the rows of the log as bits', () => {
  it.each(Object.keys(SUBJECTS))('replay the same as reading row by row: %s', (name) => {
    const subject = SUBJECTS[name];
    if (subject === undefined) throw new Error(name);
    const asOf = 60_000;
    const byRow = createEvidence(1);
    const byBits = createEvidence(1);
    const rows = new StandingRows(columns, asOf);
    const rowCursor = startCursor(subject.after);
    const bitCursor = { position: subject.after, n: 0, successes: 0 };
    for (const stop of STOPS.filter((one) => one > subject.after)) {
      const target = { state: evidenceState(byRow, INCREMENTS), values: null };
      replayEvidence(columns, subject, target, 0, rowCursor, stop, asOf, null);
      rows.replay(subject, { state: evidenceState(byBits, INCREMENTS), recent: null }, 0, bitCursor, stop);
    }
    expect(byBits.n[0]).toBeGreaterThan(500);
    expect(bitCursor).toEqual({ position: ENTRIES, n: rowCursor.n, successes: rowCursor.successes });
    expect(bytes(byBits)).toEqual(bytes(byRow));
  });

  it('count what stands, without what has been taken out meanwhile', () => {
    const rows = new StandingRows(columns, 0);
    for (const entry of log.slice(0, 3_000)) {
      if (entry.retracts !== null) rows.takeOut(entry.retracts, entry.position);
      if (entry.position % 97 !== 0) continue;
      const taken = new Set(log.slice(0, entry.position).map(({ retracts }) => retracts));
      const standing = log
        .slice(50, entry.position)
        .filter(
          ({ kind, result, position }) => kind === 'add' && result !== 'neutral' && !taken.has(position),
        );
      const successes = standing.filter(({ result }) => result === 'success').length;
      expect(rows.count(50, entry.position)).toEqual({ n: standing.length, successes });
    }
  });
});

describe('evidence fed without sums', () => {
  it.each(['single', 'by period'])(
    'is that of evidence summed at every block, once it is asked for: %s',
    (name) => {
      const subject = SUBJECTS[name];
      if (subject === undefined) throw new Error(name);
      const rows = new StandingRows(columns, ENTRIES);
      const [summed, unsummed] = [true, false].map((sums) => {
        const evidence = createEvidence(1);
        const target = { state: evidenceState(evidence, INCREMENTS, sums), recent: null };
        rows.replay(subject, target, 0, { position: 0, n: 0, successes: 0 }, 20_000);
        return evidence;
      });
      if (summed === undefined || unsummed === undefined) throw new Error('unreachable');
      expect(unsummed.mostLogEPlus[0]).toBe(0);
      sumEvidence(unsummed, 0, subject.period);
      const exact = exactEvidence(summed, 0, subject.period);
      expect([unsummed.mostLogEPlus[0], unsummed.mostLogEMinus[0]]).toEqual([
        exact.logEPlus,
        exact.logEMinus,
      ]);
      expect(unsummed.gridLogs).toEqual(summed.gridLogs);
    },
  );
});
