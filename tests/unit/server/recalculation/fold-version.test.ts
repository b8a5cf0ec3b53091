import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FOLD_VERSION } from '#lib/server/recalculation/fold-version.ts';
import { bytesOf, columnBytes, foldLog, randomLog } from '../../domain/fold-scripts.ts';

/** What the fold of this log comes to, by the engine that it was taken with. */
const KNOWN = {
  version: 6,
  v8: '11.3.244.8-node.38',
  digest: 'b7fa492b0ce136bba3461698c25e17e0',
};

const log = randomLog(17, { entries: 1_200, retractShare: 0.1, valueShare: 0.5 });

describe('the version of the fold', () => {
  it.skipIf(process.versions.v8 !== KNOWN.v8)(
    'is raised when the same log gives other bits: then raise FOLD_VERSION and take the new digest here',
    { timeout: 60_000 },
    () => {
      const { image, space, columns } = foldLog(log, () => 500);
      const digest = createHash('sha256')
        .update(bytesOf(image))
        .update(JSON.stringify([image.layout, space, columnBytes(columns, log.length)]))
        .digest('hex')
        .slice(0, 32);
      expect({ version: FOLD_VERSION, digest }).toEqual({ version: KNOWN.version, digest: KNOWN.digest });
    },
  );
});
