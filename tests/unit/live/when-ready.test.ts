import { describe, expect, it } from 'vitest';
import { whenReady } from '#lib/live/when-ready.ts';
import { World } from './support/world.ts';

describe('reading a page again', () => {
  it('waits for a server that is away or not ready, asking about once a second', async () => {
    const world = new World();
    const answers = ['away', 503, 503, 200];
    const asked: number[] = [];
    const fetch = () => {
      asked.push(world.elapsed);
      const answer = answers.shift();
      return typeof answer === 'number'
        ? Promise.resolve(new Response('', { status: answer }))
        : Promise.reject(new TypeError('network'));
    };
    let ready = false;
    void whenReady(world.environment(fetch)).then(() => (ready = true));
    await world.pass(2_900);
    expect([ready, asked]).toEqual([false, [0, 1_000, 2_000]]);
    await world.pass(200);
    expect([ready, answers]).toEqual([true, []]);
    await world.pass(60_000);
    expect(asked).toHaveLength(4);
  });
});
