import { randomBytes } from 'node:crypto';

const COUNTER_BITS = 26;

/**
 * UUIDs of version 7 (RFC 9562) whose order is the order of the list: milliseconds, then a counter of 26 bits that
 * starts at random in its lower half (method 1), then random bits. One call can give 33 million.
 */
export function uuidsV7(count: number, nowMs: number): string[] {
  const random = randomBytes(4 + 6 * count);
  const start = random.readUInt32BE(0) >>> (33 - COUNTER_BITS);
  const time = Math.max(0, Math.floor(nowMs)).toString(16).padStart(12, '0');
  const prefix = `${time.slice(0, 8)}-${time.slice(8, 12)}-7`;
  const ids = new Array<string>(count);
  for (let i = 0; i < count; i += 1) {
    const counter = start + i;
    const high = (counter >>> 14) & 0xfff;
    const low = 0x8000 | (counter & 0x3fff);
    const tail = random.toString('hex', 4 + 6 * i, 10 + 6 * i);
    ids[i] = `${prefix}${high.toString(16).padStart(3, '0')}-${low.toString(16)}-${tail}`;
  }
  return ids;
}

/** One UUID of version 7. */
export function uuidV7(nowMs: number): string {
  const [id] = uuidsV7(1, nowMs);
  if (id === undefined) throw new RangeError('uuidsV7 gave no id');
  return id;
}
