import { describe, expect, it } from 'vitest';
import { PATIENCE_LOOKS, TaskWatch } from '#lib/server/recalculation/task-watch.ts';

describe('the watch over a task', () => {
  const look = (watch: TaskWatch, times: number) => {
    for (let i = 0; i < times; i += 1) watch.look();
  };

  it('gives it up after so many looks in a row without a step', () => {
    const watch = new TaskWatch();
    look(watch, PATIENCE_LOOKS - 1);
    expect(watch.signal.aborted).toBe(false);
    watch.look();
    expect(watch.signal.aborted).toBe(true);
  });

  it('waits for one that goes on, however long it takes', () => {
    const watch = new TaskWatch();
    const steps = new Int32Array(watch.steps);
    for (let i = 0; i < 100; i += 1) {
      look(watch, PATIENCE_LOOKS - 1);
      Atomics.add(steps, 0, 1);
    }
    expect(watch.signal.aborted).toBe(false);
  });
});
