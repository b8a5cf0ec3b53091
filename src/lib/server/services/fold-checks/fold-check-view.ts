import type { FoldCheckView } from '#lib/contracts/fold-check.ts';
import type { FoldCheck } from '../../recalculation/index.ts';

export function toFoldCheckView(check: FoldCheck): FoldCheckView {
  return {
    ...check,
    startedAt: check.startedAt.toISOString(),
    finishedAt: check.finishedAt?.toISOString() ?? null,
  };
}
