import { describe, expect, it } from 'vitest';
import { foldBatch } from '#lib/domain/patterns/fold-batch.ts';
import { BlockIncrements } from '#lib/domain/statistics/block-increments.ts';
import { emptyMemory, type FoldMemory } from '#lib/server/recalculation/fold-memory.ts';
import type { FoldPool } from '#lib/server/recalculation/fold-pool.ts';
import { FoldSteps } from '#lib/server/recalculation/fold-steps.ts';
import { add, bytesOf } from '../../domain/fold-scripts.ts';

const increments = new BlockIncrements();
/** Folds at once, on this thread. */
const pool: Pick<FoldPool, 'fold'> = {
  fold: (task) => Promise.resolve({ ...foldBatch(task, increments), leaders: [], foldMs: 0 }),
};

/** One outcome at a time, from where the memory is. */
async function step(steps: FoldSteps, memory: FoldMemory): Promise<FoldMemory> {
  const position = memory.space.position + 1;
  const entry = { ...add(position, 'success', { color: 'red' }), id: position, outcomeId: `o${position}` };
  return (await steps.fold(memory, { entries: [entry], settings: [], priority: 'live' })).memory;
}

describe('FoldSteps', () => {
  it('takes turns between two images', async () => {
    const steps = new FoldSteps(pool as FoldPool);
    const first = await step(steps, await step(steps, emptyMemory({ trackedCap: 50, cellLimit: 1_000 }, [])));
    const second = await step(steps, first);
    const third = await step(steps, second);
    expect(second.image.buffer).not.toBe(first.image.buffer);
    expect(third.image.buffer).toBe(first.image.buffer);
  });

  it('leaves an image alone that somebody reads, also when the batch after it is folded and not committed yet', async () => {
    const steps = new FoldSteps(pool as FoldPool);
    const published = await step(
      steps,
      await step(steps, emptyMemory({ trackedCap: 50, cellLimit: 1_000 }, [])),
    );
    const before = bytesOf(published.image);
    // The next batch is folded; while it is being committed a snapshot of what is published begins.
    let memory = await step(steps, published);
    steps.keep([published.image]);
    for (let i = 0; i < 3; i += 1) memory = await step(steps, memory);
    expect(bytesOf(published.image)).toEqual(before);
    // Once it is read, it may be overwritten again.
    steps.keep([]);
    memory = await step(steps, await step(steps, memory));
    expect(memory.space.position).toBe(8);
  });
});
