import { join } from 'node:path';
import { PATIENCE_LOOKS } from '#lib/server/recalculation/task-watch.ts';
import { projectRoot } from './running-server.ts';

export { HANGS_AT } from '../fixtures/hanging-fold/hangs-at.ts';

/** For createFoldPool: workers that hang in a batch of HANGS_AT, and looks that come when the test says so. */
export function hangingPool() {
  const looks = new Set<() => void>();
  const look = () => {
    for (const one of looks) one();
  };
  return {
    options: {
      root: join(projectRoot, 'tests', 'fixtures', 'hanging-fold'),
      looks: (one: () => void) => {
        looks.add(one);
        return () => void looks.delete(one);
      },
    },
    look,
    /** As many looks as patience lasts, at once. */
    outlast(): void {
      for (let i = 0; i < PATIENCE_LOOKS; i += 1) look();
    },
  };
}
