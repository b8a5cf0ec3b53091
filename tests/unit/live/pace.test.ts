import { describe, expect, it } from 'vitest';
import { Pace } from '#lib/live/pace.ts';

describe('the pace of a page', () => {
  it('is fast from the third delivery within a second and a half, and slow when they stop', () => {
    const pace = new Pace();
    expect([0, 700, 1_400, 2_100].map((at) => pace.delivered(at))).toEqual([false, false, true, true]);
    expect([pace.isFast(2_200), pace.isFast(3_600)]).toEqual([true, false]);
  });

  it('is slow at one delivery a second', () => {
    const pace = new Pace();
    expect([0, 1_000, 2_000, 3_000, 4_000].map((at) => pace.delivered(at))).toEqual(Array(5).fill(false));
  });
});
