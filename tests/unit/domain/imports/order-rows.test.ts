import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderByTime, shuffledOrder } from '#domain/imports/order-rows.ts';

describe('order of recording', () => {
  it('is by time, every row once, the same for the same seed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }),
        fc.string(),
        (values, seed) => {
          const times = Float64Array.from(values);
          const order = [...orderByTime(times, seed)];
          expect([...order].sort((a, b) => a - b)).toEqual(values.map((_, i) => i));
          expect(order.map((row) => times[row])).toEqual([...values].sort((a, b) => a - b));
          expect([...orderByTime(times, seed)]).toEqual(order);
        },
      ),
    );
  });

  it('shuffles rows of one time fairly', () => {
    const firsts = [0, 0, 0, 0];
    for (let seed = 0; seed < 4_000; seed++) {
      const first = orderByTime(Float64Array.of(1, 1, 1, 1), `seed ${seed}`)[0] ?? -1;
      firsts[first] = (firsts[first] ?? 0) + 1;
    }
    // 1,000 expected each; 4.5 standard deviations is 123.
    for (const count of firsts) expect(Math.abs(count - 1_000)).toBeLessThan(123);
  });

  it('shuffles the whole file by a seed', () => {
    expect([...shuffledOrder(50, '7')]).not.toEqual([...shuffledOrder(50, '8')]);
    expect([...shuffledOrder(50, '7')].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, i) => i),
    );
  });
});
