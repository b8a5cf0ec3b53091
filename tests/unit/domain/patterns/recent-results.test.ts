import { expect, it } from 'vitest';
import { pushRecent, recentResults } from '#domain/patterns/recent-results.ts';

it('keeps the last fifty results in their order, across both words', () => {
  const recent = {
    recentLow: new Int32Array(2),
    recentHigh: new Int32Array(2),
    recentCount: new Uint8Array(2),
  };
  let all = '';
  for (let i = 0; i < 173; i += 1) {
    const y = (i * i + 3 * i) % 7 < 3 ? 1 : 0;
    pushRecent(recent, 1, y);
    all += String(y);
    expect(recentResults(recent, 1)).toBe(all.slice(-50));
  }
  expect(recentResults(recent, 0)).toBe('');
});
