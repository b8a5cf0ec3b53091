import { describe, expect, it } from 'vitest';
import type { LogFacts } from '../../../../src/lib/domain/outcomes/log-facts.ts';
import { CELL_STRIDE, type ImageView, openImage } from '../../../../src/lib/domain/patterns/fold-image.ts';
import { readEvidence } from '../../../../src/lib/domain/patterns/pattern-evidence.ts';
import { exactOf } from '../../../../src/lib/domain/patterns/standing-side.ts';
import { trackedPatterns } from '../../../../src/lib/domain/patterns/tracked-patterns.ts';
import {
  createEvidence,
  type EvidenceColumns,
} from '../../../../src/lib/domain/statistics/evidence-columns.ts';
import { GRID_HALF, GRID_SIZE } from '../../../../src/lib/domain/statistics/evidence-grid.ts';
import { evidenceState } from '../../../../src/lib/domain/statistics/evidence-state.ts';
import { onMatch } from '../../../../src/lib/domain/statistics/on-match.ts';
import { weightedConfidence } from '../../../../src/lib/domain/statistics/confidence.ts';
import { STREAM_A, STREAM_B, type Labelled } from '../statistics/evidence-streams.ts';
import { evidenceAt, indexOf } from '../evidence-at.ts';
import { add, foldLog, INCREMENTS, retract, seeded, startFold, step } from '../fold-scripts.ts';

const CAP = { trackedCap: 60 };

/** A labelled stream as a log with one attribute for the label. */
function logOf(stream: readonly Labelled[]): LogFacts[] {
  return stream.map(({ inPattern, success }, i) =>
    add(i + 1, success ? 'success' : 'failure', { label: inPattern ? 'P' : 'C' }),
  );
}

/** One pattern fed from the first entry, by nothing but onMatch. */
function fedAlone(log: readonly LogFacts[], matches: (entry: LogFacts) => boolean): EvidenceColumns {
  const columns = createEvidence(1);
  const state = evidenceState(columns, INCREMENTS);
  let N = 0;
  let S = 0;
  for (const entry of log) {
    if (entry.result === 'neutral') continue;
    const y = entry.result === 'success' ? 1 : 0;
    N += 1;
    S += y;
    if (matches(entry)) onMatch(state, 0, y, N, S);
  }
  return columns;
}

describe('evidence in the fold', { timeout: 60_000 }, () => {
  // STATISTICS §11.
  it('of stream A equals its vectors', () => {
    // Ten outcomes admit; stream A has eleven of its pattern, so that part is replayed and part is fed.
    for (const size of [1, 7, 30]) {
      const fold = foldLog(logOf(STREAM_A), () => size, startFold([], CAP));
      const view = openImage(fold.image);
      const index = indexOf(fold, { label: 'P' });
      const grid = (g: number) => view.evidence.gridLogs[index * GRID_SIZE + GRID_HALF + g] ?? NaN;
      expect(grid(10)).toBeCloseTo(1.1454998218, 9);
      expect(grid(-10)).toBeCloseTo(-1.24709206, 9);
      expect(grid(30)).toBeCloseTo(7.4998251544, 9);
      const shown = readEvidence(view, index);
      expect(Math.exp(shown.logEPlus)).toBeCloseTo(34.3757658672, 8);
      expect(Math.exp(shown.logEMinus)).toBeCloseTo(0.2005435928, 9);
      expect(shown.confidence).toBeCloseTo(0.8730183429, 9);
      expect(weightedConfidence(shown.logEPlus, 0.1)).toBeCloseTo(0.4074127863, 9);
      // The last block is the strongest so far, so p of the epoch is p of now.
      expect(shown.pValue).toBeCloseTo(0.0578430732, 9);
    }
  });

  it('of stream B equals its vectors', () => {
    const fold = foldLog(logOf(STREAM_B), () => 64, startFold([], CAP));
    const view = openImage(fold.image);
    const shown = readEvidence(view, indexOf(fold, { label: 'P' }));
    expect(shown.epoch).toEqual({ n: 60, successes: 24, startedAt: 0 });
    expect(shown.logEPlus).toBeCloseTo(9.6634024801, 9);
    expect(shown.logEMinus).toBeCloseTo(-2.7003814928, 9);
    expect(shown.confidence).toBeCloseTo(0.9996822617, 9);
    expect(Math.log(shown.oddsRatio?.low ?? NaN)).toBeCloseTo(0.4825798732, 9);
    expect(Math.log(shown.oddsRatio?.high ?? NaN)).toBeCloseTo(2.9268365619, 9);
    expect(shown.concurrency).toBeCloseTo(1, 12);
    // E⁺ 15,731 against 4,000·2 for one of two sides: confirmed.
    expect(shown).toMatchObject({ status: 'confirmed', direction: 'better' });
    expect(fold.effects.map(({ kind }) => kind)).toContain('confirmed');
  });

  it('of a pattern admitted late is bit for bit that of one fed from the first entry', () => {
    const random = seeded(31);
    const log = Array.from({ length: 3_000 }, (_, i) => {
      const roll = random();
      const facts = { a: `a${Math.floor(random() * 4)}`, b: `b${Math.floor(random() ** 3 * 12)}` };
      const lift = facts.b === 'b1' ? 0.2 : 0;
      return add(i + 1, roll < 0.05 ? 'neutral' : roll < 0.3 + lift ? 'success' : 'failure', facts);
    });
    const fold = foldLog(log, () => 250, startFold([], { trackedCap: 200 }));
    const view = openImage(fold.image);
    const tracked = trackedPatterns(fold.image).filter(({ index }) => view.epochAt[index] === 0);
    expect(Math.max(...tracked.map(({ position }) => position))).toBeGreaterThan(1_000);
    expect(tracked.length).toBeGreaterThan(25);
    for (const { index, slots, codes } of tracked) {
      const items = slots.map((slot, i) => {
        const attribute = fold.space.searched[slot];
        if (attribute?.type !== 'string') throw new Error('categories only');
        return { key: attribute.key, value: attribute.values[(codes[i] ?? 0) - 1] };
      });
      const alone = fedAlone(log, ({ attributes }) =>
        items.every(({ key, value }) => attributes[key] === value),
      );
      expect(evidenceAt(view.evidence, index)).toEqual(evidenceAt(alone, 0));
    }
  });

  it('is touched by nothing but the outcomes that match', () => {
    const random = seeded(8);
    const facts = () => ({ a: `a${Math.floor(random() * 3)}`, b: `b${Math.floor(random() * 3)}` });
    const log = Array.from({ length: 400 }, (_, i) =>
      add(i + 1, random() < 0.3 ? 'success' : 'failure', facts()),
    );
    let fold = foldLog(log, () => 100, startFold([], CAP));
    for (let position = 401; position <= 450; position += 1) {
      const entry = add(position, random() < 0.3 ? 'success' : 'failure', facts());
      const before = openImage(fold.image);
      const patterns = trackedPatterns(fold.image);
      const snapshots = new Map(patterns.map(({ index }) => [index, evidenceAt(before.evidence, index)]));
      fold = step(fold, [entry]);
      const after = openImage(fold.image);
      for (const { index, slots, codes } of patterns) {
        const matches = slots.every((slot, i) => {
          const attribute = fold.space.searched[slot];
          if (attribute?.type !== 'string') throw new Error('categories only');
          return entry.attributes[attribute.key] === attribute.values[(codes[i] ?? 0) - 1];
        });
        const same =
          JSON.stringify(evidenceAt(after.evidence, index)) === JSON.stringify(snapshots.get(index));
        expect([index, same]).toEqual([index, !matches]);
      }
    }
  });

  it('stays at one where there is no rest', () => {
    const log = Array.from({ length: 60 }, (_, i) => add(i + 1, i % 2 ? 'success' : 'failure', { all: 'x' }));
    const fold = foldLog(log, () => 25, startFold([], CAP));
    const shown = readEvidence(openImage(fold.image), indexOf(fold, { all: 'x' }));
    expect(shown).toMatchObject({ status: 'collecting', concurrency: null, pValue: 1 });
    expect(shown.confidence).toBeCloseTo(1 / 6, 12);
    expect(shown.epoch.n).toBe(60);
  });
});

describe('a correction', { timeout: 60_000 }, () => {
  const random = seeded(77);
  const entry = (position: number) => {
    const facts = { a: `a${Math.floor(random() * 3)}`, b: `b${Math.floor(random() * 2)}` };
    const y = random() < (facts.a === 'a0' ? 0.55 : 0.3);
    return add(position, y ? 'success' : 'failure', facts, Math.floor(random() * 40));
  };
  const base = Array.from({ length: 900 }, (_, i) => entry(i + 1));
  const wrong = base
    .filter(({ attributes }) => attributes['a'] === 'a0' && attributes['b'] === 'b0')
    .slice(10, 22);
  const corrected: LogFacts[] = [...base];
  for (const one of wrong) corrected.push(retract(corrected.length + 1, one));
  const settled = corrected.length;
  for (let i = 0; i < 150; i += 1) corrected.push(entry(corrected.length + 1));
  const swap = { kind: 'evidence.swap' as const, payload: { through: settled } };

  /** The same outcomes in the same order without those that were taken back. */
  const without = [...base, ...corrected.slice(settled)]
    .filter((one) => !wrong.includes(one))
    .map((one, i) => ({ ...one, position: i + 1, recordedAtMs: i + 1 }));

  const clip = { kind: 'values.clip' as const, payload: { low: 0, high: 30 }, effectiveAfter: 0, ordinal: 1 };
  const run = (log: readonly LogFacts[]) => foldLog(log, () => 137, startFold([clip], CAP));
  /** All but the largest E², which begins again with a swap. */
  const evidenceOf = (view: ImageView, index: number): Record<string, number[]> => {
    const {
      maxLogETwoSided: _max,
      mostLogEPlus: _plus,
      mostLogEMinus: _minus,
      ...rest
    } = evidenceAt(view.evidence, index);
    const { logEPlus, logEMinus } = exactOf(view, index);
    const values = view.valueEvidence;
    return {
      ...rest,
      exact: [logEPlus, logEMinus],
      recent: [view.recentLow[index] ?? NaN, view.recentHigh[index] ?? NaN, view.recentCount[index] ?? NaN],
      bets: [...(values?.bets.bets.subarray(index * 16, index * 16 + 16) ?? [])],
      mean: [...(values?.mean.subarray(index * 6, index * 6 + 6) ?? [])],
      valued: [values?.n[index] ?? NaN, values?.gain[index] ?? NaN, values?.wins[index] ?? NaN],
    };
  };
  /** To the rounding of what was taken out. */
  const rounded = (evidence: Record<string, number[]>) =>
    Object.fromEntries(
      Object.entries(evidence).map(([name, numbers]) => [
        name,
        numbers.map((one) => expect.closeTo(one, 9) as number),
      ]),
    );

  it('freezes what it touches, and nothing else; frozen patterns raise nothing', () => {
    const before = run(corrected.slice(0, 900));
    const after = run(corrected);
    const view = openImage(after.image);
    const touched = [{ a: 'a0' }, { b: 'b0' }, { a: 'a0', b: 'b0' }].map((where) => indexOf(after, where));
    for (const { index } of trackedPatterns(after.image)) {
      expect([index, view.frozenAt[index] !== 0]).toEqual([index, touched.includes(index)]);
      expect(readEvidence(view, index).recounting).toBe(touched.includes(index));
    }
    const former = openImage(before.image);
    for (const index of touched) {
      // They are fed on with what comes, and hold what was taken back until a swap takes it out.
      const own = (of: ImageView) => readEvidence(of, index).epoch.n;
      const cell = (view.cell[index] ?? 0) * CELL_STRIDE;
      expect(own(view)).toBe((view.cells[cell] ?? 0) + wrong.length);
      expect(own(view)).toBeGreaterThan(own(former));
      const mine = after.effects.filter((effect) => effect.index === index && effect.position > 900);
      expect(mine).toEqual([]);
    }
  });

  it('leaves the evidence of a log in which the outcomes never were', () => {
    let live = run(corrected.slice(0, settled + 60));
    live = step(live, corrected.slice(settled + 60, settled + 100), [
      { ...swap, effectiveAfter: settled + 80, ordinal: 9 },
    ]);
    live = step(live, corrected.slice(settled + 100));
    const view = openImage(live.image);
    const clean = run(without);
    const truth = openImage(clean.image);
    const touched = [{ a: 'a0' }, { b: 'b0' }, { a: 'a0', b: 'b0' }];
    for (const where of touched) {
      const index = indexOf(live, where);
      expect(view.frozenAt[index]).toBe(0);
      expect(view.recountedAt[index]).toBe(settled + 80);
    }
    // Also of what had them in its rest alone.
    for (const where of [...touched, { a: 'a1' }, { b: 'b1' }, { a: 'a2', b: 'b1' }]) {
      const wanted = rounded(evidenceOf(truth, indexOf(clean, where)));
      expect(evidenceOf(view, indexOf(live, where))).toEqual(wanted);
    }
    expect(live.effects.filter(({ kind }) => kind === 'recounted')).toHaveLength(3);
  });

  it('stays frozen where a later retract came before its swap', () => {
    const again = [...corrected];
    const later = base.find(({ attributes }) => attributes['a'] === 'a0' && attributes['b'] === 'b1');
    if (later === undefined) throw new Error('no such outcome');
    again.push(retract(again.length + 1, later));
    const fold = step(run(again), [], [{ ...swap, effectiveAfter: again.length, ordinal: 9 }]);
    const view = openImage(fold.image);
    expect(view.frozenAt[indexOf(fold, { a: 'a0' })]).toBe(again.length);
    expect(view.frozenAt[indexOf(fold, { a: 'a0', b: 'b0' })]).toBe(0);
  });

  it('leaves evidence alone that begins after the outcome', () => {
    const pin = {
      kind: 'pattern.pin' as const,
      payload: { conditions: [{ attribute: 'rare', value: 'r' }] },
      effectiveAfter: 12,
      ordinal: 2,
    };
    const rare = (position: number) => add(position, 'success', { rare: 'r' });
    const other = (position: number) => add(position, 'failure', { rare: 'c' });
    const log = [1, 2, 3].map(rare);
    for (let position = 4; position <= 12; position += 1) log.push(other(position));
    log.push(rare(13), other(14), rare(15));
    const [first] = log;
    if (first === undefined) throw new Error('empty');
    log.push(retract(16, first));
    let fold = foldLog(log, () => 1, startFold([pin], CAP));
    const index = indexOf(fold, { rare: 'r' });
    const view = openImage(fold.image);
    expect(readEvidence(view, index)).toMatchObject({
      pinnedOnly: true,
      recounting: false,
      epoch: { n: 2, successes: 2, startedAt: 12 },
      recent: { n: 4, successes: 4 },
    });
    const last = log[14];
    if (last === undefined) throw new Error('empty');
    fold = step(fold, [retract(17, last)]);
    expect(readEvidence(openImage(fold.image), index).recounting).toBe(true);
  });
});
