import { describe, expect, it } from 'vitest';
import { GrowingLine } from '#lib/components/charts/growing-line.ts';

const point = (position: number) => ({ position, n: position, successes: 0 });
const positions = (points: readonly { position: number }[]) => points.map((p) => p.position);

describe('a line that goes on', () => {
  it('ends at the present when it is first drawn, and while all moves has a new point where that can be seen', () => {
    const line = new GrowingLine();
    const history = [point(10), point(1_000), point(1_002)];
    const first = line.through(history, point(1_001), true);
    expect(positions(first)).toEqual([10, 1_000, 1_001]);
    expect(line.through(history, point(1_010), true)).toBe(first);
    expect(positions(line.through(history, point(1_020), true))).toEqual([10, 1_000, 1_001, 1_020]);
  });

  it('ends at the present whenever that is at rest, without a point for each', () => {
    const line = new GrowingLine();
    const history = [point(10)];
    line.through(history, point(1_000), false);
    for (let at = 1_001; at < 1_009; at += 1) line.through(history, point(at), false);
    const end = line.through(history, point(1_009), false);
    expect(positions(end)).toEqual([10, 1_000, 1_009]);
    expect(line.through(history, point(1_009), false)).toBe(end);
    expect(line.through(history, point(1_010), true)).toBe(end);
    expect(positions(line.through(history, point(1_010), false))).toEqual([10, 1_000, 1_010]);
    expect(positions(line.through(history, point(1_016), false))).toEqual([10, 1_000, 1_016]);
    expect(positions(line.through(history, point(1_017), false))).toEqual([10, 1_000, 1_016, 1_017]);
  });

  it('grows with every outcome while there are few', () => {
    const line = new GrowingLine();
    const history: ReturnType<typeof point>[] = [];
    for (let at = 1; at <= 5; at += 1) line.through(history, point(at * 2), true);
    expect(positions(line.through(history, point(12), true))).toEqual([2, 4, 6, 8, 10, 12]);
  });

  it('begins anew with another history, and where the log was put back', () => {
    const line = new GrowingLine();
    const history = [point(10)];
    line.through(history, point(50), true);
    expect(positions(line.through([point(10)], point(60), true))).toEqual([10, 60]);
    expect(positions(line.through(history, point(40), true))).toEqual([10, 40]);
    expect(positions(line.through(history, point(20), true))).toEqual([10, 20]);
  });
});
