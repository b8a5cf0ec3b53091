import { seededRandom } from '../random/seeded-random.ts';

/**
 * The order in which rows are recorded: by time, rows of the same time shuffled (their order in a file may be sorted
 * by something, and evidence must not depend on that). The same seed gives the same order.
 */
export function orderByTime(times: Float64Array, seed: string): Uint32Array {
  const order = identity(times.length);
  if (!isSorted(times)) {
    // Rows of one time stay in the file's order until they are shuffled, so that only the seed decides.
    order.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
  }
  const random = seededRandom(seed);
  let start = 0;
  for (let i = 1; i <= order.length; i++) {
    if (i < order.length && times[order[i] ?? 0] === times[order[start] ?? 0]) continue;
    shuffleRange(order, start, i, random.below);
    start = i;
  }
  return order;
}

/** All rows in a random order that the seed decides. */
export function shuffledOrder(count: number, seed: string): Uint32Array {
  const order = identity(count);
  shuffleRange(order, 0, count, seededRandom(seed).below);
  return order;
}

function identity(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => index);
}

function isSorted(times: Float64Array): boolean {
  for (let i = 1; i < times.length; i++) if ((times[i] ?? 0) < (times[i - 1] ?? 0)) return false;
  return true;
}

/** Fisher-Yates over [from, to). Mutates `order`. */
function shuffleRange(order: Uint32Array, from: number, to: number, below: (bound: number) => number): void {
  for (let i = to - 1; i > from; i--) {
    const j = from + below(i - from + 1);
    const held = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = held;
  }
}
