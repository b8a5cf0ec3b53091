import { describe, expect, it } from 'vitest';
import type { Delta } from '#lib/contracts/feed.ts';
import { FeedClient, type FeedEnvironment, type FeedState, type Reset } from '#lib/live/feed-client.ts';
import { fastTryMs, pollAgainMs, probeMs } from '#lib/live/retry-delay.ts';

interface Connection {
  url: URL;
  signal: AbortSignal;
  send(frame: string): void;
  end(): void;
}

/** A world without time and network: timers run when told, requests are answered by hand. */
function world() {
  let now = 0;
  let timers: { at: number; act: () => void }[] = [];
  const connections: Connection[] = [];
  let respond: () => Response | null = () => null;
  const environment: FeedEnvironment = {
    now: () => now,
    elapsed: () => now,
    random: () => 1,
    online: () => true,
    setTimer(act, ms) {
      const timer = { at: now + ms, act };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    fetch: (input, init) => {
      const given = respond();
      if (given !== null) return Promise.resolve(given);
      const signal = init?.signal as AbortSignal;
      return Promise.resolve(
        new Response(
          new ReadableStream<Uint8Array>({
            start(controller) {
              signal.addEventListener('abort', () => {
                try {
                  controller.error(new Error('aborted'));
                } catch {
                  return;
                }
              });
              connections.push({
                url: new URL(String(input), 'http://x'),
                signal,
                send: (frame) => controller.enqueue(new TextEncoder().encode(frame)),
                end: () => controller.close(),
              });
            },
          }),
        ),
      );
    },
  };
  const settle = async () => {
    for (let i = 0; i < 30; i += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    environment,
    connections,
    last: () => {
      const connection = connections.at(-1);
      if (connection === undefined) throw new Error('no connection was made');
      return connection;
    },
    answerWith(make: () => Response | null) {
      respond = make;
    },
    settle,
    async pass(ms: number) {
      const end = now + ms;
      for (;;) {
        const due = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        now = due.at;
        timers = timers.filter((timer) => timer !== due);
        due.act();
        await settle();
      }
      now = end;
      await settle();
    },
    pending: () => timers.length,
  };
}

function client(w: ReturnType<typeof world>, since: string | null = null) {
  const seen: number[] = [];
  const states: FeedState[] = [];
  const resets: Reset[] = [];
  const feed = new FeedClient({
    url: 'http://x/api/v1/feed?ws=one',
    topics: ['outcomes', 'metrics'],
    since,
    environment: w.environment,
    handlers: {
      onDelta: (delta: Delta) => seen.push(Number(delta.c.split('-')[1])),
      onState: (state) => {
        if (states.at(-1) !== state) states.push(state);
      },
      onReset: (reset) => resets.push(reset),
    },
  });
  return { feed, seen, states, resets };
}

const refusal = (status: number) =>
  new Response('{}', { status, headers: { 'content-type': 'application/problem+json' } });
const frame = (event: string, data: object, id?: string) =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
const hello = (from: number, head = from, more: object = {}) =>
  frame(
    'hello',
    { v: 1, resume: 'ok', from: `ep0c-${from}`, head: `ep0c-${head}`, hb: 15, ...more },
    `ep0c-${from}`,
  );
const delta = (seq: number) =>
  frame(
    'delta',
    {
      c: `ep0c-${seq}`,
      t: 1,
      topic: 'outcomes',
      type: 'outcome.recorded',
      op: 'upsert',
      key: 'k',
      rev: seq,
      value: {},
    },
    `ep0c-${seq}`,
  );

describe('the feed client', () => {
  it('asks for its topics from its cursor and is live when nothing was missed', async () => {
    const w = world();
    const { feed, seen, states } = client(w, 'ep0c-5');
    feed.connect();
    await w.settle();
    expect(w.last().url.search).toBe('?ws=one&topics=outcomes%2Cmetrics&since=ep0c-5&snapshot=never');
    w.last().send(hello(5) + delta(6));
    await w.settle();
    expect(states).toEqual(['connecting', 'live']);
    expect(seen).toEqual([6]);
    feed.disconnect();
  });

  it('is catching up until the head it was told of', async () => {
    const w = world();
    const { feed, states } = client(w, 'ep0c-1');
    feed.connect();
    await w.settle();
    w.last().send(hello(1, 3) + delta(2));
    await w.settle();
    expect(feed.state).toBe('catching-up');
    w.last().send(delta(3));
    await w.settle();
    expect(states.slice(-2)).toEqual(['catching-up', 'live']);
    feed.disconnect();
  });

  it('is live once the server says that it has everything, where the last event was not for it', async () => {
    const w = world();
    const { feed } = client(w, 'ep0c-1');
    const state = async (frames: string) => {
      w.last().send(frames);
      await w.settle();
      return feed.state;
    };
    const cursor = (seq: number) => frame('cursor', { c: `ep0c-${seq}`, t: 1 }, `ep0c-${seq}`);
    feed.connect();
    await w.settle();
    expect(await state(hello(1, 5) + delta(3))).toBe('catching-up');
    expect(await state(cursor(4))).toBe('catching-up');
    expect(await state(cursor(5))).toBe('live');
    expect(feed.cursor).toBe('ep0c-5');
    feed.disconnect();
  });

  it('resumes after the last event it handled and drops what comes twice', async () => {
    const w = world();
    const { feed, seen } = client(w, 'ep0c-0');
    feed.connect();
    await w.settle();
    w.last().send(hello(0) + delta(1) + delta(2) + delta(3).slice(0, 20));
    await w.settle();
    w.last().end();
    await w.settle();
    expect(feed.state).toBe('reconnecting');
    await w.pass(250);
    expect(w.last().url.searchParams.get('since')).toBe('ep0c-2');
    w.last().send(hello(2) + delta(2) + delta(3));
    await w.settle();
    expect(seen).toEqual([1, 2, 3]);
    feed.disconnect();
  });

  it('takes silence for loss: no hello in 5 s, nothing for 2.5 beats', async () => {
    const w = world();
    const { feed } = client(w);
    feed.connect();
    await w.settle();
    await w.pass(4_900);
    expect(w.last().signal.aborted).toBe(false);
    await w.pass(200);
    expect(w.connections[0]?.signal.aborted).toBe(true);
    await w.pass(250);
    expect(w.connections).toHaveLength(2);
    w.last().send(hello(1));
    await w.settle();
    await w.pass(37_000);
    w.last().send(frame('cursor', { c: 'ep0c-4', t: 1 }, 'ep0c-4'));
    await w.settle();
    await w.pass(37_000);
    expect(w.connections).toHaveLength(2);
    await w.pass(600);
    expect(w.connections).toHaveLength(2);
    expect(feed.state).toBe('reconnecting');
    await w.pass(250);
    expect(w.last().url.searchParams.get('since')).toBe('ep0c-4');
    feed.disconnect();
    await w.settle();
    expect(w.pending()).toBe(0);
  });

  it('comes back when a goodbye said to', async () => {
    const w = world();
    const { feed } = client(w);
    feed.connect();
    await w.settle();
    w.last().send(hello(1) + `retry: 3210\n${frame('goaway', { reason: 'deploy', retry: 3_210 })}`);
    await w.settle();
    expect(feed.retryAt).toBe(3_210);
    await w.pass(3_209);
    expect(w.connections).toHaveLength(1);
    await w.pass(1);
    expect(w.connections).toHaveLength(2);
    feed.disconnect();
  });

  it('keeps its old cursor until a reset is over, so that a cut in between resets again', async () => {
    const w = world();
    const { feed, resets, seen } = client(w, 'old0-7');
    feed.connect();
    await w.settle();
    w.last().send(
      frame('hello', { v: 1, resume: 'reset', from: 'old0-7', head: 'ep0c-90', hb: 15 }, 'old0-7'),
    );
    w.last().send(frame('reset', { reason: 'epoch', head: 'ep0c-90' }));
    await w.settle();
    expect(resets).toEqual([{ reason: 'epoch', head: 'ep0c-90' }]);
    expect(feed.state).toBe('catching-up');
    expect(feed.cursor).toBe('old0-7');
    w.last().send(frame('live', { c: 'ep0c-90' }, 'ep0c-90') + delta(91));
    await w.settle();
    expect(feed.state).toBe('live');
    expect(feed.cursor).toBe('ep0c-91');
    expect(seen).toEqual([91]);
    feed.disconnect();
  });

  it('hands snapshots to those who listen for them, and asks for them only then', async () => {
    const w = world();
    const parts: unknown[] = [];
    const feed = new FeedClient({
      url: 'http://x/feed',
      since: 'old0-7',
      environment: w.environment,
      handlers: { onSnapshot: (part) => parts.push(part) },
    });
    feed.connect();
    await w.settle();
    expect(w.last().url.searchParams.get('snapshot')).toBe('auto');
    const part = { topic: 'journeys', type: 'journey.opened', part: 1, of: 1, items: [] };
    w.last().send(
      frame('hello', { v: 1, resume: 'reset', from: 'old0-7', head: 'ep0c-90', hb: 15 }, 'old0-7') +
        frame('reset', { reason: 'epoch', head: 'ep0c-90' }) +
        frame('snapshot', part),
    );
    await w.settle();
    expect([parts, feed.state, feed.cursor]).toEqual([[part], 'catching-up', 'old0-7']);
    w.last().send(frame('live', { c: 'ep0c-91' }, 'ep0c-91'));
    await w.settle();
    expect([feed.state, feed.cursor]).toEqual(['live', 'ep0c-91']);
    feed.disconnect();
  });

  it('asks for what there is at the start until it has come, and after that no more', async () => {
    const w = world();
    const feed = new FeedClient({
      url: 'http://x/feed',
      snapshot: 'always',
      environment: w.environment,
    });
    const asked = () => w.last().url.searchParams.get('snapshot');
    feed.connect();
    await w.settle();
    w.last().send(frame('hello', { v: 1, resume: 'fresh', from: null, head: 'ep0c-9', hb: 15 }));
    await w.settle();
    w.last().end();
    await w.settle();
    await w.pass(250);
    expect(asked()).toBe('always');
    w.last().send(frame('hello', { v: 1, resume: 'fresh', from: null, head: 'ep0c-9', hb: 15 }));
    w.last().send(frame('live', { c: 'ep0c-9' }, 'ep0c-9'));
    await w.settle();
    w.last().end();
    await w.settle();
    await w.pass(750);
    expect([asked(), w.last().url.searchParams.get('since')]).toEqual(['auto', 'ep0c-9']);
    feed.disconnect();
  });

  it('gives up on a refusal and says why, and tries on through an overload', async () => {
    const w = world();
    const { feed } = client(w);
    w.answerWith(() => new Response('', { status: 503, headers: { 'retry-after': '7' } }));
    feed.connect();
    await w.settle();
    expect(feed.retryAt).toBe(7_000);
    w.answerWith(() => refusal(401));
    await w.pass(7_000);
    expect(feed.state).toBe('off');
    expect(feed.problem).toBe('unauthenticated');
    await w.pass(100_000);
    expect(feed.state).toBe('off');
  });

  it.each(['3600', '2592000', '1e300'])('waits 30 s at most, whatever it is asked (%s)', async (seconds) => {
    const w = world();
    const { feed } = client(w);
    let tries = 0;
    w.answerWith(() => {
      tries += 1;
      return new Response('', { status: 503, headers: { 'retry-after': seconds } });
    });
    feed.connect();
    await w.settle();
    expect(feed.retryAt).toBe(30_000);
    await w.pass(60_000);
    expect(tries).toBe(3);
    feed.disconnect();
  });

  it('tries three times fast, then polls and tries now and then, and at once when told that the network is back', async () => {
    const w = world();
    const tries: string[] = [];
    const offline = new FeedClient({
      url: 'http://x/feed',
      handlers: {},
      environment: {
        ...w.environment,
        online: () => false,
        fetch: (input) => {
          tries.push(String(input).includes('/poll') ? 'poll' : 'stream');
          return Promise.reject(new TypeError('network'));
        },
      },
    });
    offline.connect();
    await w.settle();
    expect(offline.state).toBe('offline');
    await w.pass(250 + 750 + 1_500);
    expect(tries).toEqual(['stream', 'stream', 'stream', 'stream', 'poll']);
    await w.pass(5_000);
    expect(tries.slice(5)).toEqual(['stream', 'poll']);
    tries.length = 0;
    offline.reconnect();
    await w.settle();
    expect(tries).toEqual(['stream', 'poll']);
    offline.disconnect();
    await w.pass(1_000_000);
    expect(tries).toHaveLength(2);
  });

  it('stays stopped and leaves no timer', async () => {
    const w = world();
    const { feed, seen } = client(w);
    feed.connect();
    await w.settle();
    w.last().send(hello(0));
    await w.settle();
    feed.disconnect();
    expect(w.last().signal.aborted).toBe(true);
    await w.settle();
    expect(w.pending()).toBe(0);
    expect(seen).toEqual([]);
    expect(feed.state).toBe('off');
  });
});

describe('the waits', () => {
  it('are short three times, then for polls and for trying the stream again, all spread over half to whole', () => {
    expect([0, 1, 2, 3].map((n) => fastTryMs(n, 1))).toEqual([250, 750, 1_500, null]);
    expect([0, 1, 2, 3, 99].map((n) => probeMs('network', n, 1))).toEqual([
      5_000, 10_000, 20_000, 30_000, 30_000,
    ]);
    expect([probeMs('mute', 0, 1), probeMs('mute', 9, 0)]).toEqual([300_000, 150_000]);
    expect([fastTryMs(2, 0), pollAgainMs(0), pollAgainMs(1)]).toEqual([750, 2_500, 5_000]);
  });
});
