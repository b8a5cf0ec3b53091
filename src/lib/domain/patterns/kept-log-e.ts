import { logEvidenceForConfidence } from '../statistics/confidence.ts';

/** Evidence as a history keeps it: `logE` is that of the stronger side. */
export interface KeptEvidence {
  readonly confidence: number;
  readonly confidenceWorse: number;
  readonly logE: number;
}

/** Log E of one side of a kept point: of the weaker one as exactly as its confidence tells. */
export function keptLogE(
  { confidence, confidenceWorse, logE }: KeptEvidence,
  side: 'better' | 'worse',
): number {
  if (side === (confidenceWorse > confidence ? 'worse' : 'better')) return logE;
  return logEvidenceForConfidence(Math.max(Math.min(confidence, confidenceWorse), Number.MIN_VALUE));
}
