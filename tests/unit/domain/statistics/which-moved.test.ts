import { describe, expect, it } from 'vitest';
import { type Counts, whichMoved } from '../../../../src/lib/domain/statistics/which-moved.ts';

const counts = (successes: number, n: number): Counts => ({ n, successes });
const still = { before: counts(2_000, 10_000), since: counts(800, 4_000) };

describe('whichMoved', () => {
  it('names the one whose rate has left what chance allows', () => {
    const fell = { before: counts(300, 1_000), since: counts(60, 400) };
    expect(whichMoved('down', fell, still)).toBe('pattern');
    const rose = { before: counts(2_000, 10_000), since: counts(1_600, 4_000) };
    expect(whichMoved('down', { before: counts(300, 1_000), since: counts(120, 400) }, rose)).toBe('rest');
    expect(whichMoved('down', fell, rose)).toBe('both');
    expect(whichMoved('up', { before: fell.since, since: fell.before }, still)).toBe('pattern');
  });

  it('names both where they went the same way, one further than the other', () => {
    const rest = { before: counts(4_000, 10_000), since: counts(1_200, 4_000) };
    expect(whichMoved('down', { before: counts(500, 1_000), since: counts(80, 400) }, rest)).toBe('both');
  });

  it('does not name a move of the rest that is small beside the pattern’s, however sure it is', () => {
    const fell = { before: counts(6_000, 10_000), since: counts(1_000, 5_000) };
    const little = { before: counts(200_000, 1_000_000), since: counts(105_000, 500_000) };
    expect(whichMoved('down', fell, little)).toBe('pattern');
    expect(whichMoved('down', { before: counts(300, 1_000), since: counts(120, 400) }, little)).toBe('rest');
  });

  it('says nothing where neither is beyond chance, or where it is not what the alarm says', () => {
    expect(whichMoved('down', { before: counts(300, 1_000), since: counts(25, 100) }, still)).toBeNull();
    expect(whichMoved('down', { before: counts(300, 1_000), since: counts(0, 0) }, still)).toBeNull();
    const rose = { before: counts(300, 1_000), since: counts(240, 400) };
    expect(whichMoved('down', rose, still)).toBeNull();
    expect(whichMoved('up', rose, still)).toBe('pattern');
  });
});
