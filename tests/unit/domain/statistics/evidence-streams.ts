import type { EvidenceBlock } from '../../../../src/lib/domain/statistics/evidence-block.ts';
import { createEvidence } from '../../../../src/lib/domain/statistics/evidence-columns.ts';
import { type EvidenceState, evidenceState } from '../../../../src/lib/domain/statistics/evidence-state.ts';
import { onMatch } from '../../../../src/lib/domain/statistics/on-match.ts';

/** One outcome: whether the pattern has it, and whether it succeeded. */
export interface Labelled {
  readonly inPattern: boolean;
  readonly success: boolean;
}

/** Stream A of STATISTICS §11. */
export const STREAM_A: readonly Labelled[] = [...'CCPCCCPCPCCPPCCCPCCPCCCCPPCPCC'].map((label, i) => ({
  inPattern: label === 'P',
  success: '001010100001100010110000110100'[i] === '1',
}));

/** Stream B of STATISTICS §11. */
export const STREAM_B: readonly Labelled[] = Array.from({ length: 300 }, (_, i) => {
  const inPattern = i % 5 === 4;
  const success = inPattern ? [0, 3, 5, 8].includes(Math.floor(i / 5) % 10) : (7 * i) % 41 < 4;
  return { inPattern, success };
});

/** Feeds a stream to the evidence of one pattern and notes its blocks. */
export function watch(
  stream: readonly Labelled[],
  state: EvidenceState = evidenceState(createEvidence(1)),
  index = 0,
): {
  readonly state: EvidenceState;
  readonly blocks: EvidenceBlock[];
  readonly N: number;
  readonly S: number;
} {
  const blocks: EvidenceBlock[] = [];
  let N = 0;
  let S = 0;
  for (const { inPattern, success } of stream) {
    N += 1;
    if (success) S += 1;
    if (inPattern && onMatch(state, index, success ? 1 : 0, N, S)) blocks.push({ ...state.lastBlock });
  }
  return { state, blocks, N, S };
}
