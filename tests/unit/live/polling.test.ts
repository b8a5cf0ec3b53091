import { describe, expect, it } from 'vitest';
import { FeedClient, type FeedState, type Reset, type Snapshot } from '#lib/live/feed-client.ts';
import { ModelServer } from './support/model-server.ts';
import { World } from './support/world.ts';

function client(since: string | null = 'ep0a-0', snapshot: 'never' | 'always' = 'never') {
  const world = new World();
  const server = new ModelServer();
  const seen: number[] = [];
  const states: FeedState[] = [];
  const resets: Reset[] = [];
  const goodbyes: string[] = [];
  /** Of each part, the last event that came before it. */
  const parts: (number | undefined)[] = [];
  const feed = new FeedClient({
    url: 'http://x/api/v1/feed?ws=one',
    topics: ['system'],
    since,
    snapshot,
    environment: world.environment(server.fetchFor('script')),
    handlers: {
      onDelta: ({ c }) => seen.push(Number(c.split('-')[1])),
      onState: (state) => states.push(state),
      onReset: (reset) => resets.push(reset),
      onSnapshot: () => parts.push(seen.at(-1)),
      onGoaway: (reason) => goodbyes.push(reason),
    },
  });
  const kinds = (from = 0) =>
    server.asked.slice(from).map(({ pathname }) => (pathname.endsWith('/poll') ? 'poll' : 'stream'));
  return { world, server, feed, seen, states, resets, goodbyes, parts, kinds };
}
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe('where streams do not get through', () => {
  it('polling begins within 20 s of a stream that is held back, in one loop, and nothing is missed', async () => {
    const { world, server, feed, seen, kinds } = client();
    server.gate = 'buffering';
    feed.connect();
    await world.pass(20_000);
    expect(feed.state).toBe('polling');
    expect(feed.transport).toBe('poll');
    server.publish(100);
    await world.pass(5_000);
    expect(seen).toEqual(upTo(100));
    const before = server.asked.length;
    await world.pass(60_000);
    expect(kinds(before).every((kind) => kind === 'poll')).toBe(true);
    expect(server.asked.length - before).toBeLessThanOrEqual(13);
    expect(server.mostPollsUnderWay).toBe(1);
    feed.disconnect();
  });

  it('the stream is tried every 5 minutes and takes over without a gap or a repeat', async () => {
    const { world, server, feed, seen, kinds } = client();
    server.gate = 'buffering';
    feed.connect();
    await world.pass(20_000);
    server.publish(3);
    await world.pass(280_000);
    expect(kinds().filter((kind) => kind === 'stream')).toHaveLength(3);
    server.gate = 'open';
    await world.pass(30_000);
    expect([feed.state, feed.transport]).toEqual(['live', 'stream']);
    server.publish(2);
    await world.settle();
    expect(seen).toEqual(upTo(5));
    const before = server.asked.length;
    await world.pass(10_000);
    expect(server.asked.length).toBe(before);
    feed.disconnect();
    await world.settle();
    expect(world.pending).toBe(0);
  });

  it('streams that are cut at once lead to polling too, and come back within half a minute', async () => {
    const { world, server, feed } = client();
    server.gate = 'no-streams';
    feed.connect();
    await world.pass(4_000);
    expect(feed.state).toBe('polling');
    server.gate = 'open';
    await world.pass(31_000);
    expect(feed.state).toBe('live');
    feed.disconnect();
  });
});

describe('what there is, asked for at the start', () => {
  /** More than a page of events may have. */
  const large: Snapshot = {
    topic: 'system',
    type: 'workspace.changed',
    part: 1,
    of: 1,
    items: [{ key: 'k', rev: 1, value: { name: 'x'.repeat(40_000) } }],
  };

  it.each([null, 'ep0a-2'])(
    'comes once where only polls do, which go on every 5 s (from %s)',
    async (since) => {
      const { world, server, feed, seen, parts, resets } = client(since, 'always');
      server.snapshot = [large];
      server.publish(90);
      server.gate = 'no-streams';
      feed.connect();
      await world.pass(4_000);
      expect(seen).toEqual(since === null ? [] : upTo(90).slice(2));
      expect(parts).toEqual([since === null ? undefined : 90]);
      const before = server.polls;
      server.publish(1);
      await world.pass(30_000);
      expect([server.polls - before, parts.length, seen.at(-1)]).toEqual([6, 1, 91]);
      server.rotate('ep0b');
      await world.pass(5_000);
      expect([resets.length, parts.length]).toEqual([1, 2]);
      feed.disconnect();
    },
  );
});

describe('a network that is gone', () => {
  it('is noticed by silence when nothing says so, and the stream is back at once when polls are', async () => {
    const { world, server, feed, seen } = client();
    feed.connect();
    await world.settle();
    expect(feed.state).toBe('live');
    server.gate = 'hole';
    server.publish(4);
    await world.pass(37_500);
    expect(feed.state).toBe('reconnecting');
    await world.pass(120_000);
    expect(feed.state).toBe('reconnecting');
    server.cut();
    server.gate = 'open';
    await world.pass(21_000);
    expect(feed.state).toBe('live');
    expect(seen).toEqual(upTo(4));
    feed.disconnect();
  });

  it('does not survive a sleep of the machine', async () => {
    const { world, server, feed } = client();
    feed.connect();
    await world.settle();
    world.sleep(3_600_000);
    const before = server.asked.length;
    await world.pass(5_000);
    expect(server.asked.length - before).toBe(1);
    expect(feed.state).toBe('live');
    expect(server.openStreams()).toHaveLength(1);
    world.sleep(-3_600_000);
    await world.pass(5_000);
    expect(server.asked.length - before).toBe(1);
    feed.disconnect();
  });
});

describe('streaming switched off', () => {
  it('means polling at once, and streaming again with the first poll that says so', async () => {
    const { world, server, feed, seen, goodbyes } = client();
    feed.connect();
    await world.settle();
    server.streaming = false;
    server.goaway('off', 300_000);
    await world.settle();
    expect([feed.state, ...goodbyes]).toEqual(['polling', 'off']);
    server.publish(1);
    await world.pass(5_000);
    expect(seen).toEqual([1]);
    server.streaming = true;
    await world.pass(5_000);
    expect(feed.state).toBe('live');
    feed.disconnect();
  });
});

describe('a reset', () => {
  it('by a poll comes once, and deltas go on after it', async () => {
    const { world, server, feed, seen, resets } = client('old0-7');
    server.gate = 'no-streams';
    server.publish(9);
    feed.connect();
    await world.pass(4_000);
    expect(resets).toEqual([{ reason: 'epoch', head: 'ep0a-9' }]);
    server.publish(1);
    await world.pass(5_000);
    expect(seen).toEqual([10]);
    expect(feed.cursor).toBe('ep0a-10');
    feed.disconnect();
  });

  it('to an earlier place in the same history lets what follows there through', async () => {
    const { world, server, feed, seen, resets } = client('ep0a-50');
    server.publish(5);
    feed.connect();
    await world.settle();
    expect(resets).toEqual([{ reason: 'future', head: 'ep0a-5' }]);
    server.publish(1);
    await world.settle();
    expect(seen).toEqual([6]);
    feed.disconnect();
  });
});

describe('what scripts use', () => {
  it('subscribe hears one type until it is ended, by its own end or by name', async () => {
    const { world, server, feed } = client();
    const heard: string[] = [];
    const hear = (value: { id: string }) => heard.push(value.id);
    const end = feed.subscribe('workspace.changed', hear);
    const ended: string[] = [];
    feed.subscribe('workspace.changed', ({ id }) => ended.push(id))();
    feed.subscribe('journey.opened', () => heard.push('wrong'));
    expect([feed.isConnected, feed.lastConnected]).toEqual([false, null]);
    feed.connect();
    await world.settle();
    expect([feed.isConnected, feed.lastConnected]).toEqual([true, world.wallOffset]);
    server.publish(1);
    await world.settle();
    end();
    feed.subscribe('workspace.changed', hear);
    server.publish(1);
    await world.settle();
    feed.unsubscribe('workspace.changed', hear);
    server.publish(1);
    await world.settle();
    expect([heard, ended, feed.received]).toEqual([['1', '2'], [], 3]);
    feed.disconnect();
  });

  it('the time of silence can be chosen', async () => {
    const { world, server } = client();
    const feed = new FeedClient({
      url: 'http://x/feed',
      silenceSeconds: 3,
      environment: world.environment(server.fetchFor('script')),
    });
    feed.connect();
    await world.pass(2_900);
    expect(feed.state).toBe('live');
    await world.pass(200);
    expect(feed.state).toBe('reconnecting');
    feed.disconnect();
  });
});

describe('an answer of something in front of the server', () => {
  it.each([204, 400, 401, 403, 404])('(%i) is no refusal, and what comes after it is', async (status) => {
    const { world, server, feed, seen } = client();
    server.interloper = status;
    feed.connect();
    await world.pass(60_000);
    expect([feed.state, feed.problem]).toEqual(['reconnecting', null]);
    server.publish(2);
    server.interloper = null;
    await world.pass(35_000);
    expect([feed.state, seen]).toEqual(['live', [1, 2]]);
    server.logOut();
    await world.pass(10_000);
    expect([feed.state, feed.problem]).toEqual(['off', 'unauthenticated']);
  });
});
