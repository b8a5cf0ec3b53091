import { describe, expect, it } from 'vitest';
import type { PatternWhy } from '#lib/contracts/pattern-insight.ts';
import { PRUNE_EVERY } from '#lib/domain/patterns/prune-patterns.ts';
import { trackedPatterns } from '#lib/domain/patterns/tracked-patterns.ts';
import { explainPattern } from '#lib/server/recalculation/explain-pattern.ts';
import { emptyMemory } from '#lib/server/recalculation/fold-memory.ts';
import { PatternNames } from '#lib/server/recalculation/pattern-names.ts';
import { PatternStandings } from '#lib/server/recalculation/pattern-standings.ts';
import { add, foldLog, seeded } from '../../domain/fold-scripts.ts';

const OUTCOMES = 6_000;

/** Three flags of which each raises the rate on its own. */
function threeFlags() {
  const random = seeded(7);
  const log = Array.from({ length: OUTCOMES }, (_, i) => {
    const flags = ['a', 'b', 'c'].map((key): [string, string] => [key, random() < 0.4 ? 'y' : 'n']);
    const rate = flags.reduce((sum, [, value]) => sum + (value === 'y' ? 0.2 : 0), 0.2);
    return add(i + 1, random() < rate ? 'success' : 'failure', Object.fromEntries(flags));
  });
  const { image, space, columns } = foldLog(log, () => 1_000);
  const names = new PatternNames();
  const memory = emptyMemory({ trackedCap: 0, cellLimit: 0 }, []);
  const standings = new PatternStandings({ ...memory, image, space, columns }, names);
  const patterns = new Map(
    [...trackedPatterns(image)].map((one) => [names.of(space, one).label, one] as const),
  );
  return (label: string): Map<string, PatternWhy['parents'][number]> => {
    const pattern = patterns.get(label);
    if (pattern === undefined) throw new Error(`${label} is not tracked`);
    const { parents } = explainPattern(standings, names, pattern);
    return new Map(parents.map((parent) => [parent.label, parent]));
  };
}

describe('explainPattern', () => {
  const parentsOf = threeFlags();

  it('says as of where the simpler patterns were compared', () => {
    const parents = parentsOf('a n and b n');
    for (const label of ['a n', 'b n']) {
      expect(parents.get(label)).toMatchObject({
        through: OUTCOMES - (OUTCOMES % PRUNE_EVERY),
        notCompared: null,
      });
      expect(parents.get(label)?.confidence).toBeGreaterThan(0.8);
    }
  });

  it('says why it was not compared with the others', () => {
    const parents = parentsOf('a y and b n and c y');
    expect(Object.fromEntries([...parents].map(([label, one]) => [label, one.notCompared]))).toEqual({
      'a y': 'explained',
      'b n': 'other-side',
      'c y': null,
      'a y and b n': 'not-standing',
      'a y and c y': 'explained',
      'b n and c y': 'not-standing',
    });
    for (const one of parents.values()) expect(one.through === null).toBe(one.confidence === null);
  });
});
