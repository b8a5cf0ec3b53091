import { float64At } from '../read-typed-array.ts';
import { blockLogLikelihood } from './block-likelihood.ts';
import { CHANGE_LOGS, CHANGE_SHIFTS, type ChangeColumns } from './change-columns.ts';
import type { EvidenceBlock } from './evidence-block.ts';
import { logAddExp } from './log-add-exp.ts';
import { logOddsRatioSequence } from './odds-ratio-sequence.ts';
import { shiryaevRoberts } from './shiryaev-roberts.ts';

/** A: mean outcomes of the pattern to a false alarm, at least, in one direction. */
export const CHANGE_MEAN_OUTCOMES_TO_FALSE_ALARM = 1_000;
/** 1 - coverage of the reference. */
const REFERENCE_ALPHA = 0.2;

/** The pattern's L, 61 doubles from `offset`, and its outcomes since its epoch began, the block included. */
export interface ChangeSubject {
  readonly gridLogs: Float64Array;
  readonly offset: number;
  readonly n: number;
}

/**
 * Feeds a closed block to the change detector of a pattern: 'up' or 'down' where its odds ratio against the rest of
 * the same time has left what it used to be, else null. After an alarm the caller begins a new epoch (startEvidence,
 * startChange, a new γ). Only for confirmed and starred patterns.
 *
 * Variant (STATISTICS §6, e-SR): the reference is the 80 % odds-ratio sequence frozen at n = 50, 100, 200, 400 …,
 * which sets R to 0; three shifts (.35, .8, 1.4) a direction, alarm where their mean R ≥ A. P(false alarm within m
 * outcomes of the pattern) ≤ m/A a direction if the reference covers. The block that reaches a refresh is still
 * judged by the old reference. Cost: 8 block likelihoods. Worked number: see shiryaevRoberts.
 */
export function detectChange(
  columns: ChangeColumns,
  index: number,
  block: EvidenceBlock,
  subject: ChangeSubject,
  meanOutcomesToFalseAlarm = CHANGE_MEAN_OUTCOMES_TO_FALSE_ALARM,
): 'up' | 'down' | null {
  const down = feed(columns, index, block, -1);
  const up = feed(columns, index, block, 1);
  if (Math.max(down, up) >= Math.log(meanOutcomesToFalseAlarm)) return up > down ? 'up' : 'down';
  refreshReference(columns, index, subject);
  return null;
}

/** log of the mean R after the block; -Infinity where the direction has no reference. */
function feed(columns: ChangeColumns, index: number, block: EvidenceBlock, side: 1 | -1): number {
  const reference = float64At(side === 1 ? columns.referenceHigh : columns.referenceLow, index);
  if (!Number.isFinite(reference)) return -Infinity;
  const before = blockLogLikelihood(block, reference);
  const start = index * CHANGE_LOGS + (side === 1 ? CHANGE_SHIFTS.length : 0);
  let sum = -Infinity;
  CHANGE_SHIFTS.forEach((shift, d) => {
    const logE = blockLogLikelihood(block, reference + side * shift) - before;
    const logR = shiryaevRoberts(float64At(columns.logR, start + d), logE);
    columns.logR[start + d] = logR;
    sum = logAddExp(sum, logR);
  });
  return sum - Math.log(CHANGE_SHIFTS.length);
}

function refreshReference(columns: ChangeColumns, index: number, subject: ChangeSubject): void {
  let next = float64At(columns.nextReferenceN, index);
  if (subject.n < next) return;
  while (subject.n >= next) next *= 2;
  const { low, high } = logOddsRatioSequence(subject.gridLogs, subject.offset, REFERENCE_ALPHA);
  columns.nextReferenceN[index] = next;
  columns.referenceLow[index] = low;
  columns.referenceHigh[index] = high;
  columns.logR.fill(-Infinity, index * CHANGE_LOGS, (index + 1) * CHANGE_LOGS);
}
