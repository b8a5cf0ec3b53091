import { describe, expect, it } from 'vitest';
import { trackedItems } from '../../../../src/lib/domain/patterns/cell-of.ts';
import { HEADER, type ImageView, openImage } from '../../../../src/lib/domain/patterns/fold-image.ts';
import { jointPlaces } from '../../../../src/lib/domain/patterns/image-layout.ts';
import {
  freeJoints,
  freeJointsOf,
  jointAt,
  resetJoints,
} from '../../../../src/lib/domain/patterns/joint-places.ts';
import { replayEvidence, startCursor } from '../../../../src/lib/domain/patterns/replay-evidence.ts';
import { retractedRows } from '../../../../src/lib/domain/patterns/retracted-rows.ts';
import { StandingRows } from '../../../../src/lib/domain/patterns/standing-rows.ts';
import { takeOutRetracted } from '../../../../src/lib/domain/patterns/take-out-retracted.ts';
import { BlockIncrements } from '../../../../src/lib/domain/statistics/block-increments.ts';
import { createEvidence } from '../../../../src/lib/domain/statistics/evidence-columns.ts';
import { GRID_SIZE } from '../../../../src/lib/domain/statistics/evidence-grid.ts';
import { evidenceState } from '../../../../src/lib/domain/statistics/evidence-state.ts';
import { add, type Fold, foldLog, retract, seeded, startFold } from '../fold-scripts.ts';

const ENTRIES = 3_000;
const random = seeded(7);
const entries = Array.from({ length: ENTRIES }, (_, i) => {
  const attributes = Object.fromEntries(['a', 'b', 'c'].map((key) => [key, `${Math.floor(random() * 3)}`]));
  return add(i + 1, random() < (attributes['a'] === '1' ? 0.4 : 0.2) ? 'success' : 'failure', attributes);
});
const taken = entries[99];
if (taken === undefined) throw new Error('no entry');
const log = [...entries, retract(ENTRIES + 1, taken)];

/** A fold of its own, whose image nobody else reads. */
function folded(): Fold & { view: ImageView; indexOf: (slots: number[], codes: number[]) => number } {
  const fold = foldLog(log, () => log.length, startFold([], { trackedCap: 60 }));
  const view = openImage(fold.image);
  freeJoints(view);
  const indexOf = (slots: number[], codes: number[]): number => {
    const found = view.depth.findIndex((depth, index) => {
      const items = depth === 0 ? null : trackedItems(view, index);
      return items?.slots.join() === slots.join() && items.codes.join() === codes.join();
    });
    if (found < 0) throw new Error('not tracked');
    return found;
  };
  return { ...fold, view, indexOf };
}

const state = (view: ImageView) => evidenceState(view.jointEvidence, new BlockIncrements());
const gridOf = (view: ImageView, joint: number) =>
  view.jointEvidence.gridLogs.slice(joint * GRID_SIZE, (joint + 1) * GRID_SIZE);
const end = log.length;

describe('what is alike in other patterns', () => {
  it('is compared within and without one of them, the blocks of both in one e-process', () => {
    const { view, columns, indexOf } = folded();
    const [own, other] = [indexOf([0], [2]), indexOf([1], [1])];
    const joint = jointAt(view, columns, state(view), own, [other], end);
    const apart = createEvidence(2);
    const asOf = view.header[HEADER.retractsThrough] ?? NaN;
    for (const outside of [false, true]) {
      const universe = { ...trackedItems(view, other), outside };
      const subject = {
        ...trackedItems(view, own),
        universe,
        period: false,
        longestRun: Infinity,
        after: 0,
      };
      const target = { state: evidenceState(apart), values: null };
      replayEvidence(columns, subject, target, outside ? 1 : 0, startCursor(0), end, asOf, null);
    }
    const sums = Array.from({ length: GRID_SIZE }, (_, g) => {
      return (apart.gridLogs[g] ?? 0) + (apart.gridLogs[GRID_SIZE + g] ?? 0);
    });
    const grid = gridOf(view, joint);
    expect(Math.max(...grid)).toBeGreaterThan(1);
    sums.forEach((sum, g) => {
      expect(grid[g]).toBeCloseTo(sum, 9);
    });
  });

  it('is the same read at once and in pieces, whatever the order the others are named in', () => {
    const { view, columns, indexOf } = folded();
    const own = indexOf([0], [2]);
    const others = [indexOf([1], [1]), indexOf([2], [3]), indexOf([1, 2], [2, 2])];
    const pieces = [700, 701, 2_500, ENTRIES].map((position) =>
      jointAt(view, columns, state(view), own, others, position),
    );
    expect(new Set(pieces).size).toBe(1);
    const inPieces = gridOf(view, pieces[0] ?? -1);
    freeJoints(view);
    const atOnce = jointAt(view, columns, state(view), own, [...others].reverse(), ENTRIES);
    expect(gridOf(view, atOnce)).toEqual(inPieces);
  });

  it('gives the place longest out of use to another comparison, never one in use', () => {
    const { view, columns, indexOf } = folded();
    const own = indexOf([0], [2]);
    const others = [...view.depth.keys()].filter((index) => view.depth[index] === 1 && index !== own);
    const sets = others.flatMap((one, i) => others.slice(i + 1).map((two) => [one, two]));
    const places = jointPlaces(view.layout);
    const ask = (set: number, position: number) =>
      jointAt(view, columns, state(view), own, sets[set] ?? [], position);
    const first = ask(0, 100);
    const second = ask(1, 200);
    expect(ask(0, 300)).toBe(first);
    for (let place = 2; place < places; place += 1) {
      view.jointPattern[place] = own + 1;
      view.jointUsedAt[place] = 400;
    }
    expect(ask(2, 400)).toBe(second);
    expect(ask(3, 400)).toBe(first);
    expect(ask(4, 400)).toBe(-1);
    freeJointsOf(view, own);
    expect(view.jointPattern.every((pattern) => pattern === 0)).toBe(true);
    expect(view.jointUsedAt.every((at) => at === 0)).toBe(true);
  });

  it('holds what was taken back until that has been taken out, and then is what it would be without', () => {
    const { view, columns, indexOf } = folded();
    const own = indexOf([0], [2]);
    const other = indexOf([1], [1]);
    const ask = () => jointAt(view, columns, state(view), own, [other], end);
    const joint = ask();
    const before = gridOf(view, joint);
    const rows = new StandingRows(columns, 0);
    const retracts = retractedRows(columns, 0, end);
    expect(retracts.map(({ added }) => added)).toEqual([100]);
    takeOutRetracted(view, columns, rows, new BlockIncrements(), retracts, end);
    view.header[HEADER.retractsThrough] = end;
    expect(ask()).toBe(joint);
    const without = gridOf(view, joint);
    expect(without).not.toEqual(before);
    resetJoints(view);
    expect(view.jointThrough[joint]).toBe(0);
    expect(ask()).toBe(joint);
    gridOf(view, joint).forEach((one, g) => {
      expect(without[g]).toBeCloseTo(one, 9);
    });
  });
});
