import { int32At } from '../read-typed-array.ts';
import { type EvidenceColumns } from '../statistics/evidence-columns.ts';
import { evidenceBytes, openEvidence } from '../statistics/evidence-columns.ts';
import type { ReplayCursor } from './replay-evidence.ts';
import { type Clip, openValueEvidence, type ValueEvidence, valueEvidenceBytes } from './value-evidence.ts';
import type { EvidenceSubject } from './evidence-subject.ts';

/** A subject whose evidence is replayed beside the live one, and how it is known in the image. */
export interface ReplaySubject extends EvidenceSubject {
  /** Of a pattern its ordinal; of a pair "kind/child's ordinal/parent's ordinal". */
  readonly key: string;
}

/**
 * Replays on their way or done, in one shared buffer, so that they can be carried on slice by slice by any thread
 * and taken over by the fold.
 */
export interface ReplayWork {
  readonly subjects: readonly ReplaySubject[];
  /** The position up to which they are replayed, and up to which retracts are left out. */
  readonly through: number;
  /** Between which ends values were read; null: not yet. */
  readonly clip: Clip | null;
  readonly buffer: SharedArrayBuffer;
}

/** The work's arrays, opened. */
export interface ReplayPlaces {
  readonly evidence: EvidenceColumns;
  readonly values: ValueEvidence;
  /** Five doubles a subject: a ReplayCursor. */
  readonly cursors: Float64Array;
}

const CURSOR = 5;

export function replayWork(
  subjects: readonly ReplaySubject[],
  through: number,
  clip: Clip | null,
): ReplayWork {
  const buffer = new SharedArrayBuffer(workBytes(subjects.length));
  const work = { subjects, through, clip, buffer };
  const { cursors } = openReplay(work);
  subjects.forEach(({ after }, i) => {
    cursors[i * CURSOR] = after;
  });
  return work;
}

export function openReplay({ subjects, buffer }: Pick<ReplayWork, 'subjects' | 'buffer'>): ReplayPlaces {
  const places = subjects.length;
  const values = evidenceBytes(places);
  const cursors = values + valueEvidenceBytes(places);
  return {
    evidence: openEvidence(buffer, 0, places),
    values: openValueEvidence(buffer, values, places),
    cursors: new Float64Array(buffer, cursors, places * CURSOR),
  };
}

function workBytes(places: number): number {
  return (
    evidenceBytes(places) + valueEvidenceBytes(places) + places * CURSOR * Float64Array.BYTES_PER_ELEMENT
  );
}

export function readCursor(cursors: Float64Array, subject: number): ReplayCursor {
  const [position = 0, n = 0, successes = 0, valueCount = 0, valueSum = 0] = cursors.subarray(
    subject * CURSOR,
    (subject + 1) * CURSOR,
  );
  return { position, n, successes, valueCount, valueSum };
}

export function writeCursor(cursors: Float64Array, subject: number, cursor: ReplayCursor): void {
  const { position, n, successes, valueCount, valueSum } = cursor;
  cursors.set([position, n, successes, valueCount, valueSum], subject * CURSOR);
}

/** Moves a place's counters from what its replay has counted to what the live fold counts. */
export function shiftEvidence(columns: EvidenceColumns, index: number, n: number, successes: number): void {
  columns.closedAtN[index] = int32At(columns.closedAtN, index) + n;
  columns.closedAtSuccesses[index] = int32At(columns.closedAtSuccesses, index) + successes;
  columns.startN[index] = int32At(columns.startN, index) + n;
  columns.startSuccesses[index] = int32At(columns.startSuccesses, index) + successes;
}
