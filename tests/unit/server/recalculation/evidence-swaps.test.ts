import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type NextSwap, SWAP_RETRACTS } from '#lib/domain/patterns/next-swap.ts';
import { EvidenceSwaps } from '#lib/server/recalculation/evidence-swaps.ts';
import type { FoldMemory } from '#lib/server/recalculation/fold-memory.ts';
import type { LogFacts } from '#lib/domain/outcomes/log-facts.ts';
import { add, type Fold, foldLog, retract, step } from '../../domain/fold-scripts.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const OUTCOMES = 8_000;

/** A log of which so many outcomes have been taken back. */
function taken(retracts: number): Fold {
  const log: LogFacts[] = Array.from({ length: OUTCOMES }, (_, i) =>
    add(i + 1, i % 3 === 0 ? 'success' : 'failure', { a: `v${i % 2}` }),
  );
  for (const one of log.slice(0, retracts)) log.push(retract(log.length + 1, one));
  return foldLog(log, () => OUTCOMES);
}

function swapsOf(start: Fold) {
  let fold = start;
  const asked: ({ at: number } & NextSwap)[] = [];
  const swaps = new EvidenceSwaps({
    memory: () => fold as unknown as FoldMemory,
    store: (swap) => Promise.resolve(void asked.push({ at: Math.round(performance.now()), ...swap })),
    onFailure: (error) => {
      throw error;
    },
  });
  /** The last one asked for is applied, in a batch that takes so long. */
  const apply = (foldMs: number) => {
    const { at: _at, ...payload } = asked.at(-1) ?? { at: 0, through: NaN, recount: false };
    const entry = {
      kind: 'evidence.swap' as const,
      payload,
      effectiveAfter: fold.space.position,
      ordinal: asked.length,
    };
    fold = step(fold, [], [entry]);
    swaps.applied([{ byFold: false, recordedAt: '2026-01-05T10:00:00Z', entry }], foldMs);
  };
  return { swaps, asked, apply };
}

it('takes so many retracts at once, and goes on until none is left', async () => {
  const { swaps, asked, apply } = swapsOf(taken(SWAP_RETRACTS + 3));
  const started = Math.round(performance.now());
  swaps.request();
  await vi.advanceTimersByTimeAsync(300);
  expect(asked).toEqual([{ at: started + 250, through: OUTCOMES + SWAP_RETRACTS, recount: false }]);
  // While it is not in force, none is asked for.
  swaps.request();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveLength(1);
  apply(100);
  await vi.advanceTimersByTimeAsync(199);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2);
  expect(asked.at(-1)?.through).toBe(OUTCOMES + SWAP_RETRACTS + 3);
  apply(10);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveLength(2);
  swaps.drop();
});

it('takes all at once where they are so many that the log is read again', async () => {
  const many = OUTCOMES / 100;
  const { swaps, asked } = swapsOf(taken(many));
  swaps.request();
  await vi.advanceTimersByTimeAsync(300);
  expect(asked).toMatchObject([{ through: OUTCOMES + many, recount: true }]);
  swaps.drop();
});
