import { describe, expect, it } from 'vitest';
import { createAttributeSpace } from '#domain/attributes/attribute-space.ts';
import { encodeEntries } from '#domain/attributes/encode-entries.ts';
import type { LogFacts } from '#domain/outcomes/log-facts.ts';
import { countTogether } from '#domain/patterns/count-together.ts';
import { emptyColumns, type Columns } from '#domain/patterns/columns.ts';
import { foldBatch } from '#domain/patterns/fold-batch.ts';
import { FLAG } from '#domain/patterns/flags.ts';
import { createFoldImage, openImage } from '#domain/patterns/fold-image.ts';
import { dealResults, foldShuffle, shuffleFindings } from '#domain/patterns/shuffled-log.ts';
import { scanColumns } from '#domain/patterns/scan-columns.ts';
import { traceEvidence } from '#domain/patterns/trace-evidence.ts';
import { seededRandom } from '#domain/random/seeded-random.ts';
import { BlockIncrements } from '#domain/statistics/block-increments.ts';

const increments = new BlockIncrements();

function columnsOf(log: readonly LogFacts[]): Columns {
  const encoded = encodeEntries(createAttributeSpace(), log, []);
  if (encoded.kind === 'refold') throw new Error('no setting was given');
  const front = createFoldImage({ trackedCap: 50 });
  return foldBatch({ front, spare: null, columns: emptyColumns(), batch: encoded.batch }, increments).columns;
}

const add = (position: number, attributes: LogFacts['attributes'], success: boolean): LogFacts => ({
  position,
  kind: 'add',
  retracts: null,
  result: success ? 'success' : 'failure',
  value: null,
  attributes,
  localDay: 0,
  recordedAtMs: position,
});

const LABELS = 'CCPCCCPCPCCPPCCCPCCPCCCCPPCPCC';
const Y = '001010100001100010110000110100';
const streamA = [...LABELS].map((label, i) => add(i + 1, { label }, Y[i] === '1'));
/** C was seen first, so P has the second code. */
const P = { slots: [0], codes: [2] };

const trace = (log: readonly LogFacts[], more: object = {}) =>
  traceEvidence(
    {
      columns: columnsOf(log),
      items: P,
      period: false,
      longestRun: Infinity,
      after: 0,
      through: log.length,
      asOf: log.length,
      points: 10,
      moves: 20,
      mark: null,
      ...more,
    },
    increments,
  );

describe('traceEvidence', () => {
  it('ends where stream A ends, on an even grid', () => {
    const { points } = trace(streamA);
    expect(points.map(({ position }) => position)).toEqual([3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
    expect(points.at(-1)?.logEPlus).toBeCloseTo(Math.log(34.3757658672), 9);
    expect(points.at(-1)?.logEMinus).toBeCloseTo(Math.log(0.2005435928), 9);
    expect(points.at(-1)).toMatchObject({ n: 10, successes: 9, restN: 20, restSuccesses: 2 });
  });

  it('has a move for each block that closed, whose changes add up', () => {
    const { moves } = trace(streamA);
    // The eight blocks of the specification but [0,1,0,1], which says nothing; each closed by an outcome of the pattern.
    expect(moves).toHaveLength(7);
    for (const { position } of moves) expect(LABELS[position - 1]).toBe('P');
    expect(moves.reduce((sum, { changePlus }) => sum + changePlus, 0)).toBeCloseTo(
      moves.at(-1)?.logEPlus ?? 0,
      12,
    );
    expect(trace(streamA, { moves: 3 }).moves).toEqual(moves.slice(-3));
  });

  it('has a point at the mark, and none where it lies outside', () => {
    const marked = trace(streamA, { mark: 17 }).points;
    expect(marked).toHaveLength(11);
    expect(marked.find(({ position }) => position === 17)).toMatchObject({ n: 6 });
    expect(trace(streamA, { mark: 30 }).points).toHaveLength(10);
    expect(trace(streamA, { points: 100 }).points).toHaveLength(30);
    expect(trace([], { through: 0 })).toEqual({ points: [], moves: [] });
  });

  it('leaves out what was retracted', () => {
    const wrong = add(31, { label: 'P' }, false);
    const log = [...streamA, wrong, { ...wrong, position: 32, kind: 'retract' as const, retracts: 31 }];
    const { points } = trace(log);
    expect(points.at(-1)).toMatchObject({ position: 32, n: 10, successes: 9 });
    expect(points.at(-1)?.logEPlus).toBeCloseTo(Math.log(34.3757658672), 9);
    expect(trace(log, { asOf: 31 }).points.at(-1)).toMatchObject({ position: 32, n: 11, successes: 9 });
  });
});

describe('countTogether', () => {
  it('counts what has the items of both, corrections taken off', () => {
    const random = seededRandom('together');
    const log: LogFacts[] = Array.from({ length: 500 }, (_, i) =>
      add(i + 1, { a: `x${random.below(2)}`, b: `y${random.below(3)}` }, random.below(2) === 0),
    );
    const [first] = log;
    if (first === undefined) throw new Error('no entry');
    log.push({ ...first, position: 501, kind: 'retract', retracts: 1 });
    const columns = columnsOf(log);
    for (const code of [1, 2, 3]) {
      const both = countTogether(columns, 501, { slots: [0], codes: [1] }, { slots: [1], codes: [code] });
      expect(both).toBe(scanColumns(columns, 501, [0, 1], [1, code]).n);
    }
    expect(countTogether(columns, 501, { slots: [0], codes: [1] }, { slots: [0], codes: [2] })).toBe(0);
  });
});

describe('a shuffled log', () => {
  const random = seededRandom('shuffled');
  const log: LogFacts[] = Array.from({ length: 900 }, (_, i) => {
    const hook = random.below(2) === 0 ? 'question' : 'claim';
    return add(i + 1, { hook }, random.next() < (hook === 'question' ? 0.8 : 0.1));
  });
  const source = {
    columns: columnsOf(log),
    through: 900,
    limit: 600,
    modes: [],
    clip: null,
    trackedCap: 50,
    cellLimit: 1_000,
  };

  it('has the labels in their order and the results of the same outcomes in another', () => {
    const run = dealResults(source, 'one');
    expect(run.rows).toBe(600);
    const labels = Array.from({ length: 600 }, (_, row) => new Uint8Array(run.codes)[row * 16]);
    const first = log[0]?.attributes['hook'];
    expect(labels).toEqual(log.slice(300).map(({ attributes }) => (attributes['hook'] === first ? 1 : 2)));
    const successes = (bytes: Uint8Array) => bytes.filter((one) => one === 0).length;
    const dealt = new Uint8Array(run.results);
    expect(successes(dealt)).toBe(log.slice(300).filter(({ result }) => result === 'success').length);
    expect(new Uint8Array(dealResults(source, 'one').results)).toEqual(dealt);
    expect(new Uint8Array(dealResults(source, 'two').results)).not.toEqual(dealt);
  });

  it('confirms nothing, however it is cut into slices', () => {
    const whole = foldShuffle(dealResults(source, 'one'), increments, () => false);
    let sliced = dealResults(source, 'one');
    while (sliced.folded < sliced.rows) {
      let asked = 0;
      sliced = foldShuffle(sliced, increments, () => (asked += 1) > 1);
    }
    expect(shuffleFindings(sliced)).toEqual(shuffleFindings(whole));
    expect(shuffleFindings(whole)).toMatchObject({ outcomes: 600, confirmed: 0 });
  });

  it('compares an attribute as the fold did: by period while it was bound to time, in short blocks since', () => {
    const period = { slot: 0, period: true, declared: false };
    const modes = [
      { ...period, after: 100 },
      { ...period, after: 500, period: false },
    ];
    const shuffledTo = (row: number) =>
      foldShuffle(dealResults({ ...source, limit: 900, modes }, 'one'), increments, ended(row)).image;
    /** Steps are of 128 rows. */
    const ended = (rows: number) => {
      let folded = -128;
      return () => (folded += 128) >= rows;
    };
    const stateOf = (row: number) => {
      const { slotPeriod, phased, flags } = openImage(shuffledTo(row));
      return [slotPeriod[0], phased[0], (flags[0] ?? 0) & FLAG.period];
    };
    expect(stateOf(128)).toEqual([1, 0, FLAG.period]);
    expect(stateOf(384)).toEqual([1, 0, FLAG.period]);
    expect(stateOf(896)).toEqual([2, 1, 0]);
    // Of the last 600 outcomes the first is at position 301: bound to time from the start, and no longer after 200.
    const late = dealResults({ ...source, modes }, 'one');
    expect(late.acts.map(({ after }) => after)).toEqual([0, 200]);
  });
});
