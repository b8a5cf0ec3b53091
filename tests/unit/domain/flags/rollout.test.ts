import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf, isOnFor } from '#domain/flags/rollout.ts';

const owners = (n: number) => Array.from({ length: n }, () => `user ${randomUUID()}`);

describe('a switch for a part of the owners', () => {
  it('is on for everybody at 100 and for nobody when it is off or at 0', () => {
    for (const owner of owners(200)) {
      expect(isOnFor({ on: true, percent: 100 }, owner)).toBe(true);
      expect(isOnFor({ on: true, percent: 0 }, owner)).toBe(false);
      expect(isOnFor({ on: false, percent: 100 }, owner)).toBe(false);
    }
  });

  it('takes about the share it says: within 5 standard deviations over 1,000 owners', () => {
    for (const percent of [5, 25, 50, 90]) {
      const taken = owners(1_000).filter((owner) => isOnFor({ on: true, percent }, owner)).length;
      const deviation = Math.sqrt(1_000 * (percent / 100) * (1 - percent / 100));
      expect(Math.abs(taken - percent * 10)).toBeLessThan(5 * deviation);
    }
  });

  it('spreads ids that differ in one digit, as numbered ones do', () => {
    const buckets = new Set(Array.from({ length: 1_000 }, (_, i) => bucketOf(`api-key ${i}`)));
    expect(buckets.size).toBeGreaterThan(90);
  });

  it('keeps whom it has when the share grows', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 100 }),
        (owner, a, b) => {
          const [less, more] = [Math.min(a, b), Math.max(a, b)];
          expect(bucketOf(owner)).toBe(bucketOf(owner));
          if (isOnFor({ on: true, percent: less }, owner)) {
            expect(isOnFor({ on: true, percent: more }, owner)).toBe(true);
          }
        },
      ),
    );
  });

  it('is the same in every version: who is in stays in over an upgrade', () => {
    expect(['user a', 'user b', 'api-key 5f0c'].map(bucketOf)).toEqual([85, 26, 62]);
  });
});
