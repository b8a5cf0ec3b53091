import { describe, expect, it } from 'vitest';
import { Turns, type Priority } from '#lib/server/recalculation/turns.ts';

/** Work that begins when its turn comes and ends when the test says so. */
function workshop(threads: number) {
  const turns = new Turns(threads);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    ask(name: string, priority: Priority, spares?: boolean): void {
      void turns.take(priority, spares).then((end) => {
        begun.push(name);
        ends.set(name, end);
      });
    },
    end: (name: string) => ends.get(name)?.(),
    /** Promises that are settled have said so. */
    settle: () => new Promise((next) => setImmediate(next)),
  };
}

describe('turns', () => {
  it('begin no more tasks than there are threads, live ones first, each class in its order', async () => {
    const work = workshop(2);
    work.ask('one', 'live');
    work.ask('two', 'live');
    work.ask('background', 'background');
    work.ask('three', 'live');
    work.ask('four', 'live');
    await work.settle();
    expect(work.begun).toEqual(['one', 'two']);
    work.end('two');
    await work.settle();
    expect(work.begun).toEqual(['one', 'two', 'three']);
    work.end('one');
    work.end('three');
    await work.settle();
    expect(work.begun).toEqual(['one', 'two', 'three', 'four', 'background']);
  });

  it('leave one thread to live work, whatever else waits', async () => {
    const work = workshop(3);
    work.ask('a', 'background');
    work.ask('chart', 'live', true);
    work.ask('other chart', 'live', true);
    work.ask('b', 'background');
    await work.settle();
    expect(work.begun).toEqual(['a', 'chart']);
    work.ask('fold', 'live');
    await work.settle();
    expect(work.begun).toEqual(['a', 'chart', 'fold']);
    work.end('fold');
    await work.settle();
    expect(work.begun).toHaveLength(3);
    work.end('a');
    await work.settle();
    expect(work.begun.at(-1)).toBe('other chart');
    work.end('chart');
    await work.settle();
    expect(work.begun.at(-1)).toBe('b');
  });
});
