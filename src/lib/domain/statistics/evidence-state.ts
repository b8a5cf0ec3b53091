import { BlockIncrements } from './block-increments.ts';
import type { EvidenceBlock } from './evidence-block.ts';
import type { EvidenceColumns } from './evidence-columns.ts';

/** What a thread needs to feed evidence: the columns, and what is its own. */
export interface EvidenceState {
  readonly columns: EvidenceColumns;
  /** One per thread, shared by all columns that it feeds. */
  readonly increments: BlockIncrements;
  /** The block that closed last, whichever pattern's; read by change detection. Overwritten in place. */
  readonly lastBlock: EvidenceBlock;
  /** Whether E is evaluated at every block; else only where `sumEvidence` asks for it. */
  readonly sums: boolean;
}

export function evidenceState(
  columns: EvidenceColumns,
  increments = new BlockIncrements(),
  sums = true,
): EvidenceState {
  return { columns, increments, lastBlock: { x: 0, kP: 0, kC: 0, s: 0 }, sums };
}
