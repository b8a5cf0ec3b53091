import { RESULTS } from '../outcomes/results.ts';
import { byteAt, float64At, int32At } from '../read-typed-array.ts';
import { startEvidence } from '../statistics/evidence-columns.ts';
import type { BlockIncrements } from '../statistics/block-increments.ts';
import { type EvidenceState, evidenceState } from '../statistics/evidence-state.ts';
import { sumEvidence } from '../statistics/exact-evidence.ts';
import { addBlock } from '../statistics/on-match.ts';
import { trackedItems } from './cell-of.ts';
import { CHUNK_BITS, CHUNK_ROWS, type Columns, META_RESULT, openChunk } from './columns.ts';
import type { BlocksWithout } from './blocks-without.ts';
import { type Items, longestRunOf } from './evidence-subject.ts';
import { HEADER, type ImageView } from './fold-image.ts';
import { JOINT_OTHERS, jointPlaces, STRATA, STRATUM } from './image-layout.ts';
import { holds, itemColumns } from './item-columns.ts';
import type { BlockSequence } from './sequence-rows.ts';
import { stands } from './standing.ts';

const SUCCESS = RESULTS.indexOf('success');
/** A stratum's open block: outcomes and successes of the pattern, then of the rest. */
const OWN_N = 0;
const OWN_SUCCESSES = 1;
const REST_N = 2;
const REST_SUCCESSES = 3;

/** What comparisons are fed with: like pairs, they are looked at once, after the last outcome. */
export function jointState(view: ImageView, increments: BlockIncrements): EvidenceState {
  return evidenceState(view.jointEvidence, increments, false);
}

/** Frees the joint comparisons that a pattern is part of. */
export function freeJointsOf(view: ImageView, index: number): void {
  const { jointOthers } = view;
  for (let joint = 0; joint < jointPlaces(view.layout); joint += 1) {
    const others = jointOthers.subarray(joint * JOINT_OTHERS, (joint + 1) * JOINT_OTHERS);
    if (int32At(view.jointPattern, joint) === index + 1 || others.includes(index + 1)) freeJoint(view, joint);
  }
}

/** Frees them all: what is compared with what has changed. */
export function freeJoints(view: ImageView): void {
  for (let joint = 0; joint < jointPlaces(view.layout); joint += 1) freeJoint(view, joint);
}

function freeJoint(view: ImageView, joint: number): void {
  view.jointPattern[joint] = 0;
  view.jointOthers.fill(0, joint * JOINT_OTHERS, (joint + 1) * JOINT_OTHERS);
  view.jointUsedAt[joint] = 0;
  resetJoint(view, joint);
}

/** Begins them all anew: each reads the log again when it is next asked for. */
export function resetJoints(view: ImageView): void {
  for (let joint = 0; joint < jointPlaces(view.layout); joint += 1) resetJoint(view, joint);
}

/** Begins those anew that are about a pattern. */
export function resetJointsAbout(view: ImageView, index: number): void {
  for (let joint = 0; joint < jointPlaces(view.layout); joint += 1) {
    if (int32At(view.jointPattern, joint) === index + 1) resetJoint(view, joint);
  }
}

/** A comparison that has seen nothing of the epoch of the pattern that it is about; that of a pair begins there too. */
function resetJoint(view: ImageView, joint: number): void {
  const index = int32At(view.jointPattern, joint) - 1;
  view.jointThrough[joint] = index < 0 ? 0 : float64At(view.epochAt, index);
  view.jointOpen.fill(0, joint * STRATA * STRATUM, (joint + 1) * STRATA * STRATUM);
  startEvidence(view.jointEvidence, joint, 0, 0);
}

/**
 * The place of the comparison of a pattern with the rest among what is alike in the others, brought up to `position`.
 * Of all places the one longest out of use gives way; -1 where all are in use at this very position. `others`: at most
 * JOINT_OTHERS indexes, in any order. Cost: a new one reads the log once, some 20 ns
 * an entry and the evidence of those that match.
 */
export function jointAt(
  view: ImageView,
  columns: Columns,
  state: EvidenceState,
  index: number,
  others: readonly number[],
  position: number,
): number {
  const key = new Int32Array(JOINT_OTHERS);
  key.set([...others].sort((a, b) => a - b).map((one) => one + 1));
  let joint = -1;
  let oldest = -1;
  for (let place = 0; place < jointPlaces(view.layout) && joint < 0; place += 1) {
    const isIt =
      int32At(view.jointPattern, place) === index + 1 &&
      key.every((one, i) => int32At(view.jointOthers, place * JOINT_OTHERS + i) === one);
    if (isIt) joint = place;
    const usedAt = float64At(view.jointUsedAt, place);
    if (usedAt < position && (oldest < 0 || usedAt < float64At(view.jointUsedAt, oldest))) oldest = place;
  }
  if (joint < 0) {
    if (oldest < 0) return -1;
    joint = oldest;
    view.jointPattern[joint] = index + 1;
    view.jointOthers.set(key, joint * JOINT_OTHERS);
    resetJoint(view, joint);
  }
  view.jointUsedAt[joint] = position;
  advanceJoint(view, columns, state, joint, position);
  return joint;
}

/**
 * Feeds a comparison with the log up to `position`, without what has been taken out of all evidence. Blocks are of one stratum:
 * outcomes that are alike in every one of the others, in it or not. They multiply up to one e-process, since each is
 * one given all before it.
 */
function advanceJoint(
  view: ImageView,
  columns: Columns,
  state: EvidenceState,
  joint: number,
  position: number,
): void {
  const { jointOpen: open } = view;
  const asOf = float64At(view.header, HEADER.retractsThrough);
  const index = int32At(view.jointPattern, joint) - 1;
  const longestRun = longestRunOf(view, index);
  const items = trackedItems(view, index);
  const others = othersOf(view, joint);
  for (let row = float64At(view.jointThrough, joint); row < position;) {
    const chunkAt = row >>> CHUNK_BITS;
    const chunk = openChunk(columns, chunkAt);
    const own = itemColumns(chunk.codes, items);
    const around = others.map((one) => itemColumns(chunk.codes, one));
    const end = Math.min(position, (chunkAt + 1) * CHUNK_ROWS);
    for (; row < end; row += 1) {
      const at = row & (CHUNK_ROWS - 1);
      if (!stands(chunk, at, asOf)) continue;
      let stratum = 0;
      for (let i = 0; i < around.length; i += 1) {
        const one = around[i];
        if (one !== undefined && holds(one, at)) stratum |= 1 << i;
      }
      const block = (joint * STRATA + stratum) * STRATUM;
      const y = (byteAt(chunk.meta, at) & META_RESULT) === SUCCESS ? 1 : 0;
      if (!holds(own, at)) {
        open[block + REST_N] = int32At(open, block + REST_N) + 1;
        open[block + REST_SUCCESSES] = int32At(open, block + REST_SUCCESSES) + y;
        continue;
      }
      const kP = int32At(open, block + OWN_N) + 1;
      const x = int32At(open, block + OWN_SUCCESSES) + y;
      const kC = int32At(open, block + REST_N);
      if (kC === 0 && kP < longestRun) {
        open[block + OWN_N] = kP;
        open[block + OWN_SUCCESSES] = x;
        continue;
      }
      if (kC > 0) addBlock(state, joint, x, kP, kC, x + int32At(open, block + REST_SUCCESSES));
      open.fill(0, block, block + STRATUM);
    }
  }
  sumEvidence(view.jointEvidence, joint, false);
  view.jointThrough[joint] = position;
}

/** Items of the patterns that a comparison holds alike, the lowest bit of a stratum's number first. */
function othersOf(view: ImageView, joint: number): Items[] {
  return [...view.jointOthers.subarray(joint * JOINT_OTHERS, (joint + 1) * JOINT_OTHERS)]
    .filter((one) => one > 0)
    .map((one) => trackedItems(view, one - 1));
}

/** The blocks of the stratum that holds the entry at a position, and which it is; null where it has not been read, or is
 * older than the comparison. */
export function jointSequence(
  view: ImageView,
  columns: Columns,
  joint: number,
  position: number,
): { readonly sequence: BlockSequence; readonly stratum: number } | null {
  const index = int32At(view.jointPattern, joint) - 1;
  const through = float64At(view.jointThrough, joint);
  if (index < 0 || position > through) return null;
  const after = float64At(view.epochAt, index);
  if (position <= after) return null;
  const { codes } = openChunk(columns, (position - 1) >>> CHUNK_BITS);
  const at = (position - 1) & (CHUNK_ROWS - 1);
  let stratum = 0;
  const universe = othersOf(view, joint).map((one, i) => {
    const isIn = holds(itemColumns(codes, one), at);
    if (isIn) stratum |= 1 << i;
    return { ...one, outside: !isIn };
  });
  const own = trackedItems(view, index);
  const sequence = { own, universe, longestRun: longestRunOf(view, index), after, through };
  return { sequence, stratum: joint * STRATA + stratum };
}

/** What is left open of a stratum. */
export function openStratum(view: ImageView, stratum: number, left: BlocksWithout['open']): void {
  view.jointOpen.set([left.n, left.successes, left.restN, left.restSuccesses], stratum * STRATUM);
}
