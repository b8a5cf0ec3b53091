import { describe, expect, it } from 'vitest';
import { GrowingLine } from '#lib/components/charts/growing-line.ts';

const point = (position: number) => ({ position, n: position, successes: 0 });
const positions = (points: readonly { position: number }[]) => points.map((p) => p.position);

describe('a line that goes on', () => {
  it('ends at the present when it is first drawn, and has a new point where that can be seen', () => {
    const line = new GrowingLine();
    const history = [point(10), point(1_000), point(1_002)];
    const first = line.through(history, point(1_001));
    expect(positions(first)).toEqual([10, 1_000, 1_001]);
    expect(line.through(history, point(1_010))).toBe(first);
    expect(positions(line.through(history, point(1_020)))).toEqual([10, 1_000, 1_001, 1_020]);
  });

  it('grows with every outcome while there are few', () => {
    const line = new GrowingLine();
    const history: ReturnType<typeof point>[] = [];
    for (let at = 1; at <= 5; at += 1) line.through(history, point(at * 2));
    expect(positions(line.through(history, point(12)))).toEqual([2, 4, 6, 8, 10, 12]);
  });

  it('begins anew with another history, and where the log was put back', () => {
    const line = new GrowingLine();
    const history = [point(10)];
    line.through(history, point(50));
    expect(positions(line.through([point(10)], point(60)))).toEqual([10, 60]);
    expect(positions(line.through(history, point(40)))).toEqual([10, 40]);
    expect(positions(line.through(history, point(20)))).toEqual([10, 20]);
  });
});
