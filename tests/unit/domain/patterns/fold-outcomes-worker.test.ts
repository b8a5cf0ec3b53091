import { describe, expect, it } from 'vitest';
import foldOutcomes, { scan } from '../../../../workers/fold-outcomes.ts';
import { encodedBatch, foldLog, randomLog } from '../fold-scripts.ts';

describe('the worker entry', () => {
  const log = randomLog(2, { entries: 60 });
  const fold = foldLog(log.slice(0, 50), () => 50);
  const task = {
    front: fold.image,
    spare: null,
    columns: fold.columns,
    batch: encodedBatch(fold.space, log.slice(50)),
    steps: new SharedArrayBuffer(4),
  };

  it('answers with what can be cloned', async () => {
    const reply = await foldOutcomes(structuredClone(task));
    expect(reply).toMatchObject({ ok: true });
    expect(Atomics.load(new Int32Array(task.steps), 0)).toBeGreaterThanOrEqual(10);
    expect(() => structuredClone(reply)).not.toThrow();
    expect(await scan({ columns: fold.columns, position: 50, slots: [], codes: [] })).toMatchObject({
      ok: true,
    });
  });

  it('answers a failure as name and message', async () => {
    const batch = { ...task.batch, firstPosition: 7 };
    expect(await foldOutcomes({ ...task, batch })).toEqual({
      ok: false,
      error: { name: 'RangeError', message: 'foldBatch expects position 51, got 7' },
    });
    expect(await scan({ columns: fold.columns, position: 1e6, slots: [], codes: [] })).toMatchObject({
      ok: false,
    });
  });
});
