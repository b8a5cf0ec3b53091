import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EvidenceReplay } from '#lib/server/recalculation/evidence-replay.ts';
import type { FoldMemory } from '#lib/server/recalculation/fold-memory.ts';
import type { FoldPool } from '#lib/server/recalculation/fold-pool.ts';
import { add, foldLog, retract } from '../../domain/fold-scripts.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('begins the next replay after a multiple of what the last one took', async () => {
  const log = Array.from({ length: 40 }, (_, i) =>
    add(i + 1, i % 3 === 0 ? 'success' : 'failure', { a: `v${i % 2}` }),
  );
  const [first] = log;
  if (first === undefined) throw new Error('no entry');
  const { image, columns } = foldLog([...log, retract(41, first)], () => 41);
  const begun: number[] = [];
  const swaps: number[] = [];
  const replay = new EvidenceReplay({
    // A slice takes 20 ms.
    pool: {
      replay: async () => {
        begun.push(performance.now());
        await new Promise((next) => setTimeout(next, 20));
        return true;
      },
    } as Partial<FoldPool> as FoldPool,
    memory: () => ({ image, columns }) as FoldMemory,
    store: (through) => Promise.resolve(void swaps.push(through)),
    onFailure: (error) => {
      throw error;
    },
  });
  const started = performance.now();
  replay.request();
  await vi.advanceTimersByTimeAsync(300);
  expect(swaps).toEqual([41]);
  const swap = {
    byFold: false,
    entry: { kind: 'evidence.swap' as const, payload: { through: 41 }, effectiveAfter: 41, ordinal: 1 },
  };
  // Something else was frozen meanwhile.
  replay.request();
  replay.applied([swap]);
  await vi.advanceTimersByTimeAsync(900);
  expect(begun).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(400);
  expect(begun.map((at) => Math.round(at - started))).toEqual([250, 1_270]);
  replay.drop();
});
