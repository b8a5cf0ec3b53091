/** A switch of the installation: off, or on for a part of the users and keys. */
export interface Switch {
  on: boolean;
  /** 0 to 100, of users and keys. */
  percent: number;
}

/** FNV-1a (32 bit), then the final mix of MurmurHash3: near ids must not fall into near buckets. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Which hundredth of all owners this one belongs to, 0 to 99; the same on every instance and for good. */
export const bucketOf = (ownerId: string): number => hash(ownerId) % 100;

/**
 * Whether the switch is on for a user or key. Sticky: who is in at 25 % is in at 50 %, too.
 */
export const isOnFor = ({ on, percent }: Switch, ownerId: string): boolean =>
  on && bucketOf(ownerId) < percent;
