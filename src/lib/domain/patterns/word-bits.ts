/** How many bits of a word are set. */
export function bitCount(bits: number): number {
  let pairs = (bits - ((bits >>> 1) & 0x55555555)) | 0;
  pairs = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((pairs + (pairs >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The bits of a word's rows that lie in [from, end), of which it has some; `first`: the row of its lowest bit. */
export function within(first: number, from: number, end: number): number {
  let bits = -1;
  if (first < from) bits &= -1 << (from - first);
  if (end - first < 32) bits &= (1 << (end - first)) - 1;
  return bits;
}
