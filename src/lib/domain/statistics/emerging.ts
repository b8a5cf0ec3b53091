import { ALERT_RULES } from './alert-rules.ts';
import { logEvidenceForConfidence } from './confidence.ts';

const ENTER_LOG_E = logEvidenceForConfidence(ALERT_RULES.emerging.minimumConfidence);
const LEAVE_LOG_E = logEvidenceForConfidence(ALERT_RULES.emerging.lostBelowConfidence);

/**
 * Whether a pattern is emerging after a block of its own closed: from confidence .8 and 5 outcomes on until
 * confidence is below .5 (FINE-PRINT 21). One direction; a pattern with no effect ever emerges with probability
 * at most 5 %. Cost: O(1). Worked number: log E = log 20 with 5 outcomes: true.
 */
export function isEmerging(wasEmerging: boolean, logE: number, n: number): boolean {
  if (wasEmerging) return logE >= LEAVE_LOG_E;
  return logE >= ENTER_LOG_E && n >= ALERT_RULES.emerging.minimumOutcomes;
}
