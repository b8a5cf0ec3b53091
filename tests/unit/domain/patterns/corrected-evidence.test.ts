import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SettingEntry } from '#domain/attributes/setting-entry.ts';
import type { LogFacts } from '#domain/outcomes/log-facts.ts';
import { trackedItems } from '#domain/patterns/cell-of.ts';
import { RESULTS } from '#domain/outcomes/results.ts';
import { clipOf } from '#domain/patterns/clip-of.ts';
import { type Columns, META_RESULT, openChunk } from '#domain/patterns/columns.ts';
import {
  type EvidenceSubject,
  longestRunOf,
  pairSubject,
  patternSubject,
} from '#domain/patterns/evidence-subject.ts';
import { FLAG } from '#domain/patterns/flags.ts';
import { HEADER, type ImageView, openImage } from '#domain/patterns/fold-image.ts';
import { JOINT_OTHERS } from '#domain/patterns/image-layout.ts';
import { isRecounted, nextSwap } from '#domain/patterns/next-swap.ts';
import { readEvidence } from '#domain/patterns/pattern-evidence.ts';
import { recentResults } from '#domain/patterns/recent-results.ts';
import { replayEvidence, startCursor } from '#domain/patterns/replay-evidence.ts';
import { retractedRows } from '#domain/patterns/retracted-rows.ts';
import { exactOf } from '#domain/patterns/standing-side.ts';
import { traceEvidence } from '#domain/patterns/trace-evidence.ts';
import {
  openValueEvidence,
  type ValueEvidence,
  valueEvidenceBytes,
} from '#domain/patterns/value-evidence.ts';
import { createEvidence, type EvidenceColumns } from '#domain/statistics/evidence-columns.ts';
import { GRID_SIZE } from '#domain/statistics/evidence-grid.ts';
import { evidenceState } from '#domain/statistics/evidence-state.ts';
import { evidenceAt, indexOf } from '../evidence-at.ts';
import {
  add,
  type Fold,
  foldLog,
  foldScript,
  INCREMENTS,
  randomLog,
  retract,
  seeded,
  startFold,
  step,
  turned,
} from '../fold-scripts.ts';

const swapAfter = (at: number, through: number, ordinal: number): SettingEntry => {
  return { kind: 'evidence.swap', payload: { through }, effectiveAfter: at, ordinal };
};

/** The fold once the leader has asked for every swap that is due. */
function swapAll(fold: Fold): Fold {
  for (let swapped = fold, ordinal = 10_000; ; ordinal += 1) {
    const payload = nextSwap(swapped.image, swapped.columns);
    if (payload === null) return swapped;
    const effectiveAfter = fold.space.position;
    swapped = step(swapped, [], [{ kind: 'evidence.swap', payload, effectiveAfter, ordinal }]);
  }
}

/** The largest distance between two columns' evidence of a place; infinite where a count differs. */
function distance(a: EvidenceColumns, at: number, b: EvidenceColumns, other: number, counted = true): number {
  const counts = ['n', 'successes', 'openN', 'openSuccesses', 'closedAtN', 'closedAtSuccesses'] as const;
  if (counted && counts.some((name) => a[name][at] !== b[name][other])) return Infinity;
  let most = counted ? Math.abs((a.blockSum[at] ?? 0) - (b.blockSum[other] ?? 0)) : 0;
  for (let g = 0; g < GRID_SIZE; g += 1) {
    const apart = (a.gridLogs[at * GRID_SIZE + g] ?? 0) - (b.gridLogs[other * GRID_SIZE + g] ?? 0);
    most = Math.max(most, Math.abs(apart));
  }
  return most;
}

describe('one level of an attribute is corrected from failure to success', () => {
  // Three in ten succeed by phone as online, but a success by phone is first recorded as a failure.
  const random = seeded(11);
  const log: LogFacts[] = [];
  const settings: SettingEntry[] = [];
  const wrong: LogFacts[] = [];
  const gone = new Set<LogFacts>();
  const outcome = () => {
    const channel = random() < 0.5 ? 'phone' : 'online';
    const success = random() < 0.3;
    const entry = add(log.length + 1, success && channel === 'online' ? 'success' : 'failure', { channel });
    log.push(entry);
    if (success && channel === 'phone') wrong.push(entry);
  };
  // Some dozens of outcomes later each is found out, one by one.
  for (let i = 0; i < 6_000; i += 1) {
    outcome();
    const [one] = random() < wrong.length / 30 ? wrong.splice(Math.floor(random() * wrong.length), 1) : [];
    if (one === undefined) continue;
    gone.add(one);
    log.push(retract(log.length + 1, one));
    log.push(add(log.length + 1, 'success', one.attributes));
    if (gone.size % 15 === 0) settings.push(swapAfter(log.length, log.length, settings.length + 1));
  }
  settings.push(swapAfter(log.length, log.length, settings.length + 1));
  outcome();
  const clean = log
    .filter((entry) => entry.kind === 'add' && !gone.has(entry))
    .map((entry, i) => ({ ...entry, position: i + 1 }));
  const fold = foldScript({ log, settings }, () => 97, startFold([], { trackedCap: 60 }));
  const truth = foldLog(clean, () => 97, startFold([], { trackedCap: 60 }));

  it('and the other level neither emerges nor is confirmed', () => {
    const online = indexOf(fold, { channel: 'online' });
    const said = fold.effects.filter(({ index }) => index === online).map(({ kind }) => kind);
    const inTruth = truth.effects.filter(({ index }) => index === indexOf(truth, { channel: 'online' }));
    expect({ said, inTruth }).toEqual({ said: [], inTruth: [] });
    expect(readEvidence(openImage(fold.image), online).confidence).toBeLessThan(0.5);
  });

  it.each(['phone', 'online'])('and the evidence is that of a log without the failures: %s', (channel) => {
    const one = indexOf(fold, { channel });
    const other = indexOf(truth, { channel });
    const [live, wanted] = [openImage(fold.image), openImage(truth.image)];
    expect(distance(live.evidence, one, wanted.evidence, other)).toBeLessThan(1e-9);
    const [shown, right] = [readEvidence(live, one), readEvidence(wanted, other)];
    expect(shown.logEPlus).toBeCloseTo(right.logEPlus, 9);
    expect(shown.logEMinus).toBeCloseTo(right.logEMinus, 9);
    expect(shown.epoch).toEqual(right.epoch);
    expect(shown.concurrency).toBeCloseTo(right.concurrency ?? NaN, 9);
    // Fewer looks make an always-valid p larger at most.
    expect(shown.pValue).toBeGreaterThanOrEqual(right.pValue * (1 - 1e-9));
    expect(live.header[HEADER.evidenceN]).toBe(wanted.header[HEADER.evidenceN]);
    expect(live.header[HEADER.evidenceSuccesses]).toBe(wanted.header[HEADER.evidenceSuccesses]);
  });
});

interface Shape {
  readonly seed: number;
  readonly entries: number;
  readonly retractShare: number;
  readonly valueShare?: number;
  readonly swapEvery: number;
  /** Position after which every effect turns round. */
  readonly turnsAfter?: number;
}

/** A log with corrections and swaps all over it, the last as of its end; a mode found and lost, and a pin. */
function corrected({ seed, entries, retractShare, valueShare = 0, swapEvery, turnsAfter }: Shape): Fold {
  const log = turned(
    randomLog(seed, { entries, retractShare, valueShare, effects: true }),
    turnsAfter ?? entries,
  );
  const random = seeded(seed ^ 0xc0);
  const settings: SettingEntry[] = [];
  for (let at = swapEvery; at < entries; at += swapEvery) {
    settings.push(swapAfter(at, at - Math.floor(random() * 20), settings.length + 1_000));
  }
  const pinned = {
    conditions: [
      { attribute: 'kind', value: 'k1' },
      { attribute: 'flag2', value: 'true' },
    ],
  };
  settings.push({ kind: 'pattern.pin', payload: pinned, effectiveAfter: 90, ordinal: 2_000 });
  const clip = { low: -20, high: 50 };
  if (valueShare > 0)
    settings.push({ kind: 'values.clip', payload: clip, effectiveAfter: 130, ordinal: 2_001 });
  settings.push(swapAfter(entries - 1, entries - 1, 3_000));
  settings.sort((a, b) => a.effectiveAfter - b.effectiveAfter);
  return foldScript({ log, settings }, () => 61, startFold([], { trackedCap: 120 }));
}

/** Evidence of a subject read row by row, as of what has been taken out. */
function read(fold: Fold, subject: EvidenceSubject, through: number): EvidenceColumns {
  const evidence = createEvidence(1);
  const target = { state: evidenceState(evidence, INCREMENTS, false), values: null };
  const asOf = openImage(fold.image).header[HEADER.retractsThrough] ?? NaN;
  replayEvidence(fold.columns, subject, target, 0, startCursor(subject.after), through, asOf, null);
  return evidence;
}

/** Evidence on values of a pattern read row by row, as of what has been taken out. */
function readValues(fold: Fold, index: number): ValueEvidence {
  const view = openImage(fold.image);
  const { header } = view;
  const values = openValueEvidence(new ArrayBuffer(valueEvidenceBytes(1)), 0, 1);
  const subject = patternSubject(view, index);
  const cursor = startCursor(subject.after);
  const asOf = header[HEADER.retractsThrough] ?? NaN;
  const target = { state: null, values };
  replayEvidence(fold.columns, subject, target, 0, cursor, fold.space.position, asOf, clipOf(view));
  const { closedAtCount, closedAtSum } = values.bets;
  closedAtCount[0] = (closedAtCount[0] ?? 0) + (header[HEADER.clippedCount] ?? 0) - cursor.valueCount;
  closedAtSum[0] = (closedAtSum[0] ?? 0) + (header[HEADER.clippedSum] ?? 0) - cursor.valueSum;
  values.startCount[0] = (header[HEADER.clippedCount] ?? 0) - cursor.valueCount;
  values.startSum[0] = (header[HEADER.clippedSum] ?? 0) - cursor.valueSum;
  return values;
}

const FACTS = ['gain', 'loss', 'gainSquares', 'lossSquares', 'n', 'wins', 'losses'] as const;

function valueFacts(values: ValueEvidence, index: number): Record<string, number[]> {
  const { bets, openSum, openCount, closedAtSum, closedAtCount } = values.bets;
  return {
    bets: [...bets.subarray(index * 16, index * 16 + 16)].map((one) => expect.closeTo(one, 9) as number),
    open: [openSum[index] ?? NaN, openCount[index] ?? NaN],
    closedAt: [closedAtSum[index] ?? NaN, closedAtCount[index] ?? NaN],
    start: [values.startSum[index] ?? NaN, values.startCount[index] ?? NaN],
    mean: [...values.mean.subarray(index * 6, index * 6 + 6)],
    facts: FACTS.map((name) => values[name][index] ?? NaN),
  };
}

function plainFacts(values: ValueEvidence, index: number): Record<string, number[]> {
  return { ...valueFacts(values, index), bets: [...values.bets.bets.subarray(index * 16, index * 16 + 16)] };
}

/** The subjects that a joint comparison is made of: its pattern within each stratum of the others. */
function strata(view: ImageView, joint: number): EvidenceSubject[] {
  const index = (view.jointPattern[joint] ?? 0) - 1;
  const others = [...view.jointOthers.subarray(joint * JOINT_OTHERS, (joint + 1) * JOINT_OTHERS)].filter(
    (one) => one > 0,
  );
  expect(others.length).toBeLessThan(2);
  const [other] = others;
  if (other === undefined) return [];
  return [true, false].map((outside) => ({
    ...trackedItems(view, index),
    universe: { ...trackedItems(view, other - 1), outside },
    period: false,
    longestRun: longestRunOf(view, index),
    after: view.epochAt[index] ?? 0,
  }));
}

/** How far a joint comparison of one other is from what each of its strata gives; null where it is none, or of next to nothing. */
function jointDistance(fold: Fold, view: ImageView, joint: number): number | null {
  const through = view.jointThrough[joint] ?? 0;
  if (view.jointPattern[joint] === 0 || through < 200) return null;
  if ((view.jointOthers[joint * JOINT_OTHERS + 1] ?? 0) !== 0) return null;
  const parts = strata(view, joint).map((subject) => read(fold, subject, through));
  if (parts.length === 0) return null;
  const wanted = createEvidence(1);
  for (let g = 0; g < GRID_SIZE; g += 1) {
    wanted.gridLogs[g] = parts.reduce((sum, { gridLogs }) => sum + (gridLogs[g] ?? 0), 0);
  }
  return distance(view.jointEvidence, joint, wanted, 0, false);
}

describe('corrections all over a log', { timeout: 240_000 }, () => {
  it('leave in every pattern, pair and joint comparison what a log without the retracted gives', () => {
    const seen = { patterns: 0, epochs: 0, pairs: 0, recounts: 0, singly: 0 };
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer({ min: 0, max: 2 ** 31 }),
          entries: fc.integer({ min: 300, max: 2_000 }),
          retractShare: fc.constantFrom(0.005, 0.02, 0.2),
          swapEvery: fc.constantFrom(40, 400),
        }),
        (shape) => {
          const fold = corrected(shape);
          const view = openImage(fold.image);
          const { entries } = shape;
          const retracts = retractedRows(fold.columns, 0, entries - 1).length;
          const each = retracts / (entries / shape.swapEvery);
          if (isRecounted(each, entries)) seen.recounts += 1;
          else seen.singly += 1;
          for (let index = 0; index < view.depth.length; index += 1) {
            if (view.depth[index] === 0) continue;
            const subject = patternSubject(view, index);
            const wanted = read(fold, subject, entries);
            // A cursor of its own begins with nothing before the epoch.
            const before = {
              n: view.evidence.startN[index] ?? 0,
              s: view.evidence.startSuccesses[index] ?? 0,
            };
            wanted.closedAtN[0] = (wanted.closedAtN[0] ?? 0) + before.n;
            wanted.closedAtSuccesses[0] = (wanted.closedAtSuccesses[0] ?? 0) + before.s;
            expect(distance(view.evidence, index, wanted, 0)).toBeLessThan(1e-9);
            expect(before.n === 0).toBe(subject.after === 0);
            seen.patterns += 1;
            if (subject.after > 0) seen.epochs += 1;
          }
          for (let pair = 0; pair < view.pairKind.length; pair += 1) {
            if (view.pairKind[pair] === 0) continue;
            const wanted = read(fold, pairSubject(view, pair), view.pairThrough[pair] ?? 0);
            expect(distance(view.pairEvidence, pair, wanted, 0)).toBeLessThan(1e-9);
            seen.pairs += 1;
          }
        },
      ),
      { numRuns: 15 },
    );
    for (const [what, count] of Object.entries(seen)) expect([what, count > 0]).toEqual([what, true]);
  });

  it('leave in the evidence on values what a log without the retracted gives', () => {
    let valued = 0;
    let later = 0;
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer({ min: 0, max: 2 ** 31 }),
          entries: fc.integer({ min: 300, max: 2_000 }),
          retractShare: fc.constantFrom(0.005, 0.02),
          valueShare: fc.constantFrom(0.1, 1),
          swapEvery: fc.constantFrom(40, 150),
          turnsAfter: fc.constantFrom(600, 2_000),
        }),
        (shape) => {
          const fold = corrected(shape);
          const view = openImage(fold.image);
          const { valueEvidence } = view;
          if (valueEvidence === null) throw new Error('no values');
          for (let index = 0; index < view.depth.length; index += 1) {
            if (view.depth[index] === 0) continue;
            expect(plainFacts(valueEvidence, index)).toEqual(valueFacts(readValues(fold, index), 0));
            if ((valueEvidence.n[index] ?? 0) > 0) valued += 1;
            if ((valueEvidence.startCount[index] ?? 0) > 0) later += 1;
          }
        },
      ),
      { numRuns: 15 },
    );
    expect(valued).toBeGreaterThan(100);
    expect(later).toBeGreaterThan(10);
  });

  it('read no values again but those beside the retracted and those of the patterns that it matches', () => {
    const random = seeded(31);
    const log = Array.from({ length: 9_000 }, (_, i) => {
      const facts = { a: random() < 0.5 ? 'x' : 'y', b: `v${Math.floor(random() * 4)}` };
      return add(i + 1, random() < 0.4 ? 'success' : 'failure', facts, Math.floor(random() * 30));
    });
    const one = log[8_500];
    if (one === undefined) throw new Error('no entry');
    log.push(retract(9_001, one));
    const clip: SettingEntry = {
      kind: 'values.clip',
      payload: { low: 0, high: 25 },
      effectiveAfter: 0,
      ordinal: 1,
    };
    const fold = foldLog(log, () => 500, startFold([clip], { trackedCap: 60 }));
    const wanted = openImage(swapAll({ ...fold, spare: null }).image);
    // From here on a reading of early values would give something else.
    openChunk(fold.columns, 0).values?.fill(0, 0, 8_000);
    const swapped = openImage(swapAll({ ...fold, spare: null }).image);
    const [values, wantedValues] = [swapped.valueEvidence, wanted.valueEvidence];
    if (values === null || wantedValues === null) throw new Error('no values');
    for (let index = 0; index < swapped.depth.length; index += 1) {
      if (swapped.depth[index] === 0 || swapped.recountedAt[index] !== 0) continue;
      expect(plainFacts(values, index)).toEqual(plainFacts(wantedValues, index));
    }
    expect(swapped.recountedAt.filter((at) => at !== 0)).toHaveLength(3);
  });

  it('read nothing for a pattern that has had no outcome since', () => {
    const random = seeded(32);
    const log = Array.from({ length: 9_000 }, (_, i) => {
      const a = i < 3_000 && random() < 0.3 ? 'old' : `v${Math.floor(random() * 3)}`;
      return add(i + 1, random() < 0.4 ? 'success' : 'failure', { a, b: random() < 0.5 ? 'x' : 'y' });
    });
    const one = log[8_500];
    if (one === undefined) throw new Error('no entry');
    log.push(retract(9_001, one));
    const fold = foldLog(log, () => 500, startFold([], { trackedCap: 60 }));
    const wanted = openImage(swapAll({ ...fold, spare: null }).image);
    // From here on a reading of what lies between would count no success.
    const { meta } = openChunk(fold.columns, 0);
    for (let row = 4_000; row < 8_000; row += 1) {
      meta[row] = ((meta[row] ?? 0) & ~META_RESULT) | RESULTS.indexOf('failure');
    }
    const swapped = openImage(swapAll({ ...fold, spare: null }).image);
    for (const where of [{ a: 'old' }, { a: 'old', b: 'x' }, { a: 'v0' }, { a: 'v1', b: 'y' }]) {
      const index = indexOf(fold, where);
      expect(evidenceAt(swapped.evidence, index)).toEqual(evidenceAt(wanted.evidence, index));
    }
  });

  it('leave in joint comparisons what each of their strata gives', () => {
    let compared = 0;
    for (let seed = 1; seed < 60 && compared < 5; seed += 1) {
      const fold = corrected({ seed, entries: 3_000, retractShare: 0.004, swapEvery: 150 });
      const view = openImage(fold.image);
      for (let joint = 0; joint < view.jointPattern.length; joint += 1) {
        const apart = jointDistance(fold, view, joint);
        if (apart === null) continue;
        expect(apart).toBeLessThan(1e-9);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(2);
  });

  it.each([40, 400])(
    'leave in pairs and joint comparisons of a new epoch what the log since then gives (a swap every %d)',
    (swapEvery) => {
      const seen = { pairs: 0, joints: 0, older: 0, younger: 0 };
      for (const seed of [1]) {
        const shape = { seed, entries: 3_000, retractShare: 0.01, swapEvery, turnsAfter: 1_500 };
        const fold = corrected(shape);
        const view = openImage(fold.image);
        const retracts = retractedRows(fold.columns, 0, shape.entries - 1);
        for (let pair = 0; pair < view.pairKind.length; pair += 1) {
          if (view.pairKind[pair] === 0) continue;
          const subject = pairSubject(view, pair);
          const through = view.pairThrough[pair] ?? 0;
          if (subject.after <= 1_500 || through === subject.after) continue;
          expect(distance(view.pairEvidence, pair, read(fold, subject, through), 0)).toBeLessThan(1e-9);
          seen.pairs += 1;
          const since = retracts.filter(({ by }) => by > subject.after);
          if (since.some(({ added }) => added <= subject.after)) seen.older += 1;
          if (since.some(({ added }) => added > subject.after)) seen.younger += 1;
        }
        for (let joint = 0; joint < view.jointPattern.length; joint += 1) {
          if ((view.epochAt[(view.jointPattern[joint] ?? 0) - 1] ?? 0) <= 1_500) continue;
          const apart = jointDistance(fold, view, joint);
          if (apart === null) continue;
          expect(apart).toBeLessThan(1e-9);
          seen.joints += 1;
        }
      }
      for (const [what, count] of Object.entries(seen)) expect([what, count > 0]).toEqual([what, true]);
    },
  );

  it('are told by a trace as by the headline, before a swap and after it', () => {
    let frozen = 0;
    for (const [seed, swapEvery] of [
      [5, 40],
      [6, 333],
      [7, 5_000],
    ] as const) {
      const log = randomLog(seed, { entries: 1_200, retractShare: 0.05, valueShare: 0, effects: true });
      const settings = [swapAfter(swapEvery, swapEvery, 1), swapAfter(3 * swapEvery, 3 * swapEvery, 2)];
      const fold = foldScript({ log, settings }, () => 200, startFold([], { trackedCap: 120 }));
      const view = openImage(fold.image);
      for (let index = 0; index < view.depth.length; index += 1) {
        if (view.depth[index] === 0) continue;
        const period = ((view.flags[index] ?? 0) & FLAG.period) !== 0;
        const task = {
          columns: fold.columns,
          items: trackedItems(view, index),
          period,
          longestRun: longestRunOf(view, index),
          after: view.epochAt[index] ?? 0,
          through: log.length,
          asOf: view.header[HEADER.retractsThrough] ?? NaN,
          points: 3,
          mark: null,
          moves: 2,
        };
        const end = traceEvidence(task, INCREMENTS).points.at(-1);
        const exact = exactOf(view, index);
        expect(end?.logEPlus).toBeCloseTo(exact.logEPlus, 9);
        expect(end?.logEMinus).toBeCloseTo(exact.logEMinus, 9);
        expect(end?.n).toBe(view.evidence.n[index]);
        if ((view.frozenAt[index] ?? 0) !== 0) frozen += 1;
      }
    }
    expect(frozen).toBeGreaterThan(10);
  });

  it('freeze a pattern that is born while it holds what was taken back', () => {
    const log = Array.from({ length: 12 }, (_, i) => add(i + 1, 'success', { a: i < 9 ? 'x' : 'y' }));
    const [first] = log;
    if (first === undefined) throw new Error('no entry');
    log.push(retract(13, first), add(14, 'failure', { a: 'x' }), add(15, 'failure', { a: 'x' }));
    const fold = foldScript({ log, settings: [] }, () => 4);
    const index = indexOf(fold, { a: 'x' });
    const view = openImage(fold.image);
    expect([view.frozenAt[index], view.evidence.n[index]]).toEqual([13, 11]);
    const { meta } = openChunk(fold.columns, 0);
    expect(meta[12]).toBeGreaterThan(2);
    const after = openImage(swapAll(fold).image);
    expect([after.frozenAt[index], after.evidence.n[index]]).toEqual([0, 10]);
  });

  it('leave the last results even where the outcome is older than the evidence', () => {
    const log = Array.from({ length: 300 }, (_, i) => {
      return add(i + 1, i % 3 === 0 ? 'success' : 'failure', { a: i % 2 === 0 ? 'x' : 'y' });
    });
    const successes = log.filter(({ result, attributes }) => result === 'success' && attributes['a'] === 'x');
    const [earlier, later] = successes.slice(-2);
    if (earlier === undefined || later === undefined) throw new Error('no outcomes');
    log.push(retract(301, earlier), add(302, 'failure', { a: 'x' }), add(303, 'failure', { a: 'y' }));
    const declared: SettingEntry = {
      kind: 'attribute.mode',
      payload: { attribute: 'a', mode: 'period' },
      effectiveAfter: 301,
      ordinal: 1,
    };
    const expectWithout = (entries: readonly LogFacts[], gone: readonly LogFacts[], through: number) => {
      const settings = [declared, swapAfter(entries.length - 1, through, 2)];
      const fold = foldScript({ log: entries, settings }, () => 50);
      const index = indexOf(fold, { a: 'x' });
      expect(openImage(fold.image).epochAt[index]).toBe(301);
      const wanted = entries
        .filter((one) => one.kind === 'add' && !gone.includes(one) && one.attributes['a'] === 'x')
        .map(({ result }) => (result === 'success' ? '1' : '0'))
        .join('');
      expect(recentResults(openImage(fold.image), index)).toBe(wanted.slice(-50));
    };
    expectWithout(log, [earlier], 301);
    // A swap of some does not bring back what is out already.
    const more = [...log, retract(304, later), add(305, 'failure', { a: 'y' })];
    expectWithout(more, [earlier, later], 301);
  });

  it('begin the largest E² again whichever way they leave', () => {
    const log = randomLog(8, { entries: 2_400, retractShare: 0.01, valueShare: 0, effects: true });
    const fold = foldLog(log, () => 300, startFold([], { trackedCap: 120 }));
    const outcomes = openImage(fold.image).header[HEADER.evidenceN] ?? NaN;
    const all = retractedRows(fold.columns, 0, log.length);
    const last = all.at(-1)?.by ?? NaN;
    const half = all[Math.floor(all.length / 2)]?.by ?? NaN;
    expect([isRecounted(all.length, outcomes), isRecounted(Math.ceil(all.length / 2) + 1, outcomes)]).toEqual(
      [true, false],
    );
    const at = log.length;
    const swapped = (...settings: SettingEntry[]) =>
      openImage(step({ ...fold, spare: null }, [], settings).image).evidence;
    const once = swapped(swapAfter(at, last, 1));
    const twice = swapped(swapAfter(at, half, 1), swapAfter(at, last, 2));
    expect([...once.maxLogETwoSided].filter((one) => one > 1).length).toBeGreaterThan(3);
    once.maxLogETwoSided.forEach((largest, index) => {
      expect([index, largest]).toEqual([index, expect.closeTo(twice.maxLogETwoSided[index] ?? NaN, 9)]);
    });
  });

  it('leave nothing frozen once there is nothing to swap', () => {
    let frozen = 0;
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const log = randomLog(seed, { entries: 700, retractShare: 0.1, valueShare: 0.3, effects: true });
      // So that some are born, pinned ones supported and some cut while a swap is due.
      for (const entries of [90, 140, 260, 512, 700]) {
        const fold = foldScript({ log: log.slice(0, entries), settings: [] }, () => 50);
        const frozenOf = ({ image }: Fold) => openImage(image).frozenAt.filter((at) => at !== 0).length;
        frozen += frozenOf(fold);
        const swapped = swapAll(fold);
        expect([entries, frozenOf(swapped)]).toEqual([entries, 0]);
      }
    }
    expect(frozen).toBeGreaterThan(100);
  });
});

describe('the next swap', () => {
  const outcomes = Array.from({ length: 60 }, (_, i) =>
    add(i + 1, i % 5 === 0 ? 'neutral' : i % 2 === 0 ? 'success' : 'failure', { a: 'x' }),
  );
  const taken = (which: readonly number[]) => {
    const log = [...outcomes];
    for (const i of which) log.push(retract(log.length + 1, outcomes[i] ?? add(0, 'neutral', {})));
    return foldLog(log, () => 10);
  };
  /** Columns that nobody may look at. */
  const unread = new Proxy({} as Columns, {
    get: () => {
      throw new Error('the log was read');
    },
  });

  it('takes out the retracts of successes and failures', () => {
    const { image, columns } = taken([3, 5, 10, 11, 15]);
    expect(nextSwap(image, columns)).toEqual({ through: 64, recount: true });
  });

  it('is none where only neutral outcomes were taken back, or all is out, without a look at the log', () => {
    expect(nextSwap(taken([0, 5]).image, unread)).toBeNull();
    const fold = swapAll(taken([3, 5, 10]));
    expect(openImage(fold.image).header[HEADER.retractsThrough]).toBe(61);
    expect(nextSwap(fold.image, unread)).toBeNull();
  });
});

describe('a swap', () => {
  const log = Array.from({ length: 1_000 }, (_, i) =>
    add(i + 1, i % 3 === 0 ? 'success' : 'failure', { a: i % 2 === 0 ? 'x' : 'y' }),
  );
  const some = (count: number) => {
    const gone = log.slice(700, 700 + count);
    return foldLog([...log, ...gone.map((one, i) => retract(1_001 + i, one))], () => 100);
  };
  const swap = (fold: Fold, count: number, recount: boolean) => {
    // What is read again has no success.
    const { meta } = openChunk(fold.columns, 0);
    for (let row = 0; row < 300; row += 1) meta[row] = RESULTS.indexOf('failure');
    const payload = { through: 1_000 + count, recount };
    const entry = { kind: 'evidence.swap', payload, effectiveAfter: 1_000 + count, ordinal: 1 } as const;
    const { evidence } = openImage(step(fold, [], [entry]).image);
    return evidence.successes[indexOf(fold, { a: 'x' })];
  };

  it('reads the log again where it says so, whatever the numbers are', () => {
    expect([isRecounted(1, 1_000), isRecounted(20, 1_000)]).toEqual([false, true]);
    expect([swap(some(1), 1, true), swap(some(20), 20, true)]).toEqual([117, 114]);
    expect([swap(some(1), 1, false), swap(some(20), 20, false)]).toEqual([167, 164]);
  });
});

describe('a mode that a person declares', () => {
  const random = seeded(4);
  const log = Array.from({ length: 900 }, (_, i) => {
    const plan = random() < 0.5 ? 'a' : 'b';
    return add(i + 1, random() < (plan === 'a' ? 0.5 : 0.2) ? 'success' : 'failure', { plan });
  });
  const declared: SettingEntry = {
    kind: 'attribute.mode',
    payload: { attribute: 'plan', mode: 'period' },
    effectiveAfter: 600,
    ordinal: 1,
  };

  it('lets evidence begin with its declaration: who declares it may have looked', () => {
    const fold = foldScript({ log, settings: [declared] }, () => 100);
    const view = openImage(fold.image);
    const index = indexOf(fold, { plan: 'a' });
    const since = log.slice(600).filter(({ attributes }) => attributes['plan'] === 'a');
    expect(readEvidence(view, index)).toMatchObject({
      period: true,
      epoch: { n: since.length, startedAt: 600 },
    });
    expect(evidenceAt(view.evidence, index)['startN']).toEqual([600]);
    const said = fold.effects.filter((one) => one.index === index);
    expect(said.map(({ kind }) => kind)).toContain('confirmed');
    // What was said of it falls, and its history tells why.
    expect(said.filter(({ position }) => position === 600).map(({ kind }) => kind)).toEqual([
      'period',
      'lost',
    ]);
  });
});
