import type { LogFacts } from '#domain/outcomes/log-facts.ts';
import { pooledZ } from '#domain/statistics/pooled-z.ts';
import { STANDARD_NORMAL_95 } from '#domain/statistics/standard-normal-95.ts';
import { conjunctions, keyOf, type Truth } from './truth.ts';
import type { World } from './worlds.ts';

const MINIMUM_OUTCOMES = 10;

/**
 * What the usual rule would have said: p ≤ .05 at this look, at least 10 outcomes, after every outcome, each pattern
 * once in each direction.
 */
export function usualAlerts(
  world: World,
  entries: readonly LogFacts[],
  truths: ReadonlyMap<string, Truth>,
): { alerts: number; wrong: number } {
  const patterns = conjunctions(world.attributes).map((items) => ({
    key: keyOf(items),
    n: 0,
    successes: 0,
    said: { above: false, below: false },
  }));
  const byKey = new Map(patterns.map((pattern) => [pattern.key, pattern]));
  const cache = new Map<string, typeof patterns>();
  let alerts = 0;
  let wrong = 0;
  let n = 0;
  let successes = 0;
  for (const { kind, result, attributes } of entries) {
    if (kind !== 'add') continue;
    const y = result === 'success' ? 1 : 0;
    n += 1;
    successes += y;
    const levels = Array.from({ length: world.attributes }, (_, a) => String(attributes[`a${a}`]).slice(1));
    const row = levels.join('');
    let matched = cache.get(row);
    if (matched === undefined) {
      matched = matching(levels.map(Number)).flatMap((key) => byKey.get(key) ?? []);
      cache.set(row, matched);
    }
    for (const pattern of matched) {
      pattern.n += 1;
      pattern.successes += y;
      const n1 = pattern.n;
      const s1 = pattern.successes;
      if (n1 < MINIMUM_OUTCOMES || n - n1 < MINIMUM_OUTCOMES) continue;
      const z = pooledZ({ n1, s1, n0: n - n1, s0: successes - s1 });
      const side = z >= STANDARD_NORMAL_95 ? 'above' : z <= -STANDARD_NORMAL_95 ? 'below' : null;
      if (side === null || pattern.said[side]) continue;
      pattern.said[side] = true;
      alerts += 1;
      if (truths.get(pattern.key)?.side !== (side === 'above' ? 1 : -1)) wrong += 1;
    }
  }
  return { alerts, wrong };
}

/** Keys of the conjunctions that hold where the attributes have these levels. */
function matching(levels: readonly number[]): string[] {
  return conjunctionsOfRow(levels).map(keyOf);
}

function conjunctionsOfRow(levels: readonly number[]): (readonly [number, number])[][] {
  const found: (readonly [number, number])[][] = [];
  const extend = (items: readonly (readonly [number, number])[], from: number): void => {
    if (items.length > 0) found.push([...items]);
    if (items.length === 3) return;
    for (let a = from; a < levels.length; a += 1) extend([...items, [a, levels[a] ?? 0]], a + 1);
  };
  extend([], 0);
  return found;
}
