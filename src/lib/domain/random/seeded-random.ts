/**
 * Repeatable random numbers (sfc32): the same seed gives the same row of numbers on every machine, because only
 * 32-bit integer arithmetic is used. For simulated data and for shuffling; not for secrets.
 * Reference: C. Doty-Humphrey, PractRand; period about 2^127, passes BigCrush.
 */
export interface SeededRandom {
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
}

/** FNV-1a over UTF-16 code units, then mixed: spreads short seeds such as "7" over all 32 bits. */
function hash32(text: string, start: number): number {
  let h = start >>> 0;
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export function seededRandom(seed: string | number): SeededRandom {
  const text = String(seed);
  let a = hash32(text, 0x811c9dc5);
  let b = hash32(text, a ^ 0x9e3779b9);
  let c = hash32(text, b ^ 0x243f6a88);
  let counter = 1;
  const uint32 = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  // The first numbers still show the seed's pattern.
  for (let i = 0; i < 12; i++) uint32();
  const next = () => uint32() / 4_294_967_296;
  return { next, below: (bound) => Math.floor(next() * bound) };
}
