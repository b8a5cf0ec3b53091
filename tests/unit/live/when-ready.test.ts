import { describe, expect, it } from 'vitest';
import { Readiness } from '#lib/live/when-ready.ts';
import { World } from './support/world.ts';

/** A server that answers `/readyz` with these statuses, one after the other; null: nothing gets through. */
function serverOf(...answers: (number | null)[]) {
  const world = new World();
  const asked: number[] = [];
  const readiness = new Readiness(
    world.environment(() => {
      asked.push(world.elapsed);
      const answer = answers.shift() ?? null;
      return answer === null
        ? Promise.reject(new TypeError('network'))
        : Promise.resolve(new Response('', { status: answer }));
    }),
  );
  const told: boolean[] = [];
  const wait = () => void readiness.whenReady().then((ready) => told.push(ready));
  return { world, readiness, asked, told, wait };
}

describe('reading a page again', () => {
  it('waits for a server that is away or not ready, all together, and asks more and more seldom', async () => {
    const { world, asked, told, wait } = serverOf(null, 503, 503, 503, 503, 200);
    for (let i = 0; i < 3; i += 1) wait();
    await world.pass(17_400);
    expect([told, asked]).toEqual([[], [0, 250, 1_000, 2_500, 7_500]]);
    await world.pass(200);
    expect(told).toEqual([true, true, true]);
    await world.pass(600_000);
    expect(asked).toHaveLength(6);
    wait();
    await world.settle();
    expect(asked).toHaveLength(7);
  });

  it('asks at once when told that the server may be there', async () => {
    const { world, readiness, told, wait } = serverOf(null, null, null, null, 200);
    wait();
    await world.pass(5_000);
    expect(told).toEqual([]);
    readiness.hurry();
    await world.settle();
    expect(told).toEqual([true]);
  });

  it('asks nothing without a network, and nothing for a page that is gone', async () => {
    const { world, readiness, asked, told, wait } = serverOf(503, 200);
    world.online = false;
    wait();
    await world.pass(60_000);
    expect(asked).toEqual([]);
    world.online = true;
    readiness.end();
    await world.pass(60_000);
    expect([asked, told, world.pending]).toEqual([[], [false], 0]);
  });

  it('does not wait for an answer that never comes', async () => {
    const world = new World();
    let asked = 0;
    const readiness = new Readiness(
      world.environment((_, init) => {
        asked += 1;
        if (asked > 1) return Promise.resolve(new Response(''));
        return new Promise((_resolve, reject) => {
          init?.signal?.addEventListener('abort', () => reject(new TypeError('aborted')));
        });
      }),
    );
    let ready = false;
    void readiness.whenReady().then((is) => (ready = is));
    await world.pass(5_300);
    expect([ready, asked]).toEqual([true, 2]);
  });
});
