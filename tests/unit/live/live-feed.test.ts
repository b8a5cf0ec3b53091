import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { invalidateAll } from '$app/navigation';
import type { Delta } from '#lib/contracts/feed.ts';
import type { MetricsView } from '#lib/contracts/metrics.ts';
import type { OutcomeView } from '#lib/contracts/outcome.ts';
import type { PatternView } from '#lib/contracts/pattern.ts';
import { LiveFeed, LiveMetrics, LiveOutcomes, LivePatterns } from '#lib/live/index.ts';
import { ModelServer } from './support/model-server.ts';
import { World } from './support/world.ts';

const kit = vi.hoisted(() => ({ navigating: { complete: null as Promise<void> | null } }));
vi.mock('$app/navigation', () => ({ invalidate: vi.fn(), invalidateAll: vi.fn() }));
vi.mock('$app/state', () => kit);
const reading = vi.mocked(invalidateAll);

beforeEach(() => {
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  reading.mockReset().mockResolvedValue();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  kit.navigating.complete = null;
});

/** What is gathered is handed on. */
const paint = () => vi.advanceTimersByTime(1_000);

/** A page of a workspace, in a browser where every tab is alone. */
async function openPage(head = 0) {
  const world = new World();
  const server = new ModelServer();
  server.head = head;
  const ready = (input: string) => input.startsWith('/readyz');
  const toServer = server.fetchFor('page');
  const page = { workspace: 'one', cursor: server.cursor, user: 'ana' };
  const feed = new LiveFeed({
    workspace: () => page.workspace,
    cursor: () => page.cursor,
    user: () => page.user,
    version: '1',
    enabled: () => true,
    platform: () => ({ locks: null, openChannel: () => null, openWorker: () => null }),
    environment: world.environment((input, init) =>
      ready(String(input))
        ? Promise.resolve(new Response(''))
        : toServer(new URL(String(input), 'http://x'), init),
    ),
  });
  const end = feed.connect(page.workspace);
  await world.settle();
  const turnTo = async (change: Partial<typeof page>) => {
    Object.assign(page, change);
    feed.holdOrRelease();
    await world.settle();
  };
  return { world, server, page, feed, end, turnTo };
}

const metrics = (asOf: number) => ({ asOf, outcomes: asOf, counted: [] }) as unknown as MetricsView;
const pattern = (n: number) =>
  ({ id: 'a', n, successes: 0, status: 'collecting', label: 'a' }) as unknown as PatternView;
const outcome = (id: string) => ({ id, revision: 1, deletedAt: null, position: null }) as OutcomeView;
/** Of three events, one of each kind. */
function eventAt(seq: number): Partial<Delta> {
  if (seq % 3 === 0) return { topic: 'metrics', type: 'metrics.updated', key: 'm', value: metrics(seq) };
  if (seq % 3 === 1) {
    const value = {
      asOf: seq,
      totals: { n: 0, successes: 0 },
      leaders: ['a'],
      items: [pattern(seq)],
      more: 0,
    };
    return { topic: 'patterns', type: 'pattern.updated', key: 'p', value };
  }
  return { topic: 'outcomes', type: 'outcome.recorded', key: `o${seq}`, value: outcome(`o${seq}`) };
}

describe('another history of the log', () => {
  it('is shown as it is: nothing of the one before stays, and nothing of it is missed', async () => {
    const { world, server, feed, turnTo } = await openPage(998);
    server.eventAt = eventAt;
    const base = { asOf: 998, outcomes: [outcome('o1')] };
    const live = {
      metrics: new LiveMetrics(feed, () => metrics(base.asOf)),
      patterns: new LivePatterns(feed, () => ({ asOf: base.asOf, items: [pattern(base.asOf)] })),
      outcomes: new LiveOutcomes(feed, () => base.outcomes, { limit: 10 }),
    };
    feed.on('metrics.updated', (value) => live.metrics.apply(value));
    feed.on('pattern.updated', (value) => live.patterns.apply(value));
    live.outcomes.follow();
    const shown = () => ({
      asOf: [live.metrics.value.asOf, live.patterns.asOf, live.patterns.items[0]?.n, feed.asOf],
      outcomes: live.outcomes.items.map(({ id }) => id),
    });
    server.publish(4);
    await world.settle();
    paint();
    expect(shown()).toEqual({ asOf: [1_002, 1_000, 1_000, 1_002], outcomes: ['o1001', 'o1'] });

    // What has come and was not painted yet is of the old history too.
    server.publish(3);
    server.rotate('ep1b');
    server.publish(3);
    await world.settle();
    expect(reading).toHaveBeenCalledTimes(1);
    paint();
    expect([feed.state, shown()]).toEqual([
      'catching-up',
      { asOf: [1_002, 1_000, 1_000, 0], outcomes: ['o1001', 'o1'] },
    ]);
    Object.assign(base, { asOf: 3, outcomes: [outcome('o0')] });
    await turnTo({ cursor: 'ep1b-3' });
    expect(shown()).toEqual({ asOf: [3, 3, 3, 0], outcomes: ['o0'] });
    expect(feed.state).toBe('live');
    paint();
    expect(shown()).toEqual({ asOf: [6, 4, 4, 6], outcomes: ['o5', 'o0'] });
  });

  it('that began while the page is paused is read when it goes on', async () => {
    const { world, server, feed, turnTo } = await openPage();
    feed.pause();
    server.rotate('ep1b');
    await world.settle();
    expect(reading).not.toHaveBeenCalled();
    feed.resume();
    await world.settle();
    expect(reading).toHaveBeenCalledTimes(1);
    await turnTo({ cursor: 'ep1b-3' });
    expect([feed.state, reading.mock.calls.length]).toEqual(['live', 1]);
  });
});

describe('a reset', () => {
  it('waits for a navigation under way, and is answered once at a time and once more if another comes', async () => {
    const { world, server, feed } = await openPage(100);
    let arrive: () => void = () => undefined;
    kit.navigating.complete = new Promise((resolve) => {
      arrive = () => {
        kit.navigating.complete = null;
        resolve();
      };
    });
    server.oldest = 50;
    void feed.loadNow();
    await world.settle();
    expect(reading).not.toHaveBeenCalled();
    const answers: (() => void)[] = [];
    reading.mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
    arrive();
    await world.settle();
    for (let i = 0; i < 3; i += 1) void feed.loadNow();
    await world.settle();
    expect(answers).toHaveLength(1);
    answers[0]?.();
    await world.settle();
    expect(answers).toHaveLength(2);
    answers[1]?.();
    await world.settle();
    expect(answers).toHaveLength(2);
  });

  it('that cannot be answered is told in the log of the browser, and the next one is', async () => {
    const { world, feed } = await openPage();
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const failure = new Error('no');
    reading.mockRejectedValueOnce(failure);
    await feed.loadNow();
    expect(logged).toHaveBeenCalledWith(failure);
    logged.mockRestore();
    await feed.loadNow();
    await world.settle();
    expect(reading).toHaveBeenCalledTimes(2);
  });
});

describe('a connection that is renewed as planned', () => {
  it.each(['max-age', 'deploy'])('(%s) is live all the while, and nothing is logged', async (reason) => {
    const { world, server, feed } = await openPage();
    const { log } = feed;
    server.goaway(reason, 1_200);
    await world.pass(1_100);
    server.publish(2);
    expect([feed.state, feed.transport, feed.log]).toEqual(['live', 'stream', log]);
    await world.pass(200);
    expect([feed.state, feed.log, server.openStreams().length, feed.received]).toEqual(['live', log, 1, 2]);
  });

  it('and does not come back is lost, and its figures old after five seconds', async () => {
    const { world, server, feed } = await openPage();
    server.goaway('max-age', 200);
    server.gate = 'down';
    await world.pass(300);
    expect([feed.state, feed.log[0]?.kind, feed.stale]).toEqual(['reconnecting', 'lost', false]);
    await world.pass(4_800);
    expect(feed.stale).toBe(false);
    await world.pass(200);
    expect(feed.stale).toBe(true);
    server.gate = 'open';
    await world.pass(6_000);
    expect([feed.state, feed.stale, feed.log[0]?.kind]).toEqual(['live', false, 'restored']);
  });
});

describe('a page that is held still', () => {
  it('says when its connection is lost, and waits on when it is back', async () => {
    const { world, server, feed } = await openPage();
    feed.pause();
    server.publish(3);
    await world.settle();
    expect([feed.state, feed.waiting]).toEqual(['paused', 3]);
    server.gate = 'down';
    world.online = false;
    feed.reconnect();
    await world.pass(6_000);
    expect([feed.state, feed.stale, feed.paused, feed.waiting]).toEqual(['offline', true, true, 3]);
    world.online = true;
    await world.pass(5_000);
    expect(feed.state).toBe('reconnecting');
    server.gate = 'open';
    await world.pass(31_000);
    expect([feed.state, feed.stale, feed.waiting]).toEqual(['paused', false, 3]);
    feed.resume();
    expect([feed.state, feed.waiting]).toEqual(['live', 0]);
  });
});

describe('another workspace', () => {
  it('begins with no counts of the one before, and is not paused', async () => {
    const { world, server, feed, end, turnTo } = await openPage();
    feed.pause();
    server.publish(7);
    await world.settle();
    expect([feed.state, feed.waiting, feed.received]).toEqual(['paused', 7, 7]);
    end();
    await turnTo({ workspace: 'two' });
    feed.connect('two');
    expect([feed.paused, feed.waiting, feed.received, feed.delayMs, feed.lastEventAt]).toEqual([
      false,
      0,
      0,
      null,
      null,
    ]);
    await world.settle();
    expect([feed.state, reading.mock.calls.length]).toEqual(['live', 0]);
  });
});

describe('what a page reads by itself', () => {
  it('waits while it is held still or switched off, and goes on with it', async () => {
    vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
    const { feed } = await openPage();
    let read = 0;
    const ask = async () => {
      void feed.followed().then(() => (read += 1));
      await Promise.resolve();
      return read;
    };
    expect(await ask()).toBe(1);
    feed.pause();
    expect(await ask()).toBe(1);
    feed.resume();
    await Promise.resolve();
    expect(read).toBe(2);
    feed.turnOff();
    expect(await ask()).toBe(2);
    feed.turnOn();
    await Promise.resolve();
    expect(read).toBe(3);
  });
});

describe('people who come and go', () => {
  it('are no news that a paused page waits for, and no pace of its figures', async () => {
    const { world, server, feed } = await openPage();
    const heard: string[] = [];
    feed.onAny(({ type }) => heard.push(type));
    const visit = (seq: number): Partial<Delta> => ({
      topic: 'presence',
      type: 'presence.joined',
      key: `p${seq}`,
    });
    server.eventAt = visit;
    for (let burst = 0; burst < 4; burst += 1) {
      server.publish(1);
      await world.settle();
      paint();
    }
    expect([heard.length, feed.fast]).toEqual([4, false]);
    feed.pause();
    server.publish(3);
    server.eventAt = eventAt;
    server.publish(2);
    await world.settle();
    expect([feed.waiting, feed.received]).toEqual([2, 9]);
    feed.resume();
    paint();
    expect(heard).toHaveLength(9);
  });
});
