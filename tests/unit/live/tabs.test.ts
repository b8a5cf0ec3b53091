import { describe, expect, it } from 'vitest';
import { WORKER_GATHER_MS } from '#lib/live/tabs/messages.ts';
import { FakeBrowser, type Ways } from './support/fake-browser.ts';
import { ModelServer } from './support/model-server.ts';
import { ModelTab } from './support/model-tab.ts';
import { World } from './support/world.ts';

function browserBy(ways: Ways) {
  const world = new World();
  const server = new ModelServer();
  const browser = new FakeBrowser(world, (key) => server.fetchFor(key), ways);
  const open = async (version = 1) => {
    const tab = new ModelTab(browser, server, { version, user: server.user ?? '' });
    await world.pass(10);
    return tab;
  };
  const polls = () => server.asked.filter(({ pathname }) => pathname.endsWith('/poll'));
  return { world, server, browser, open, polls };
}
/** A page that was read at an earlier place than the hub's. */
async function staleTab(w: ReturnType<typeof browserBy>, seq: number) {
  const { head } = w.server;
  w.server.head = seq;
  const tab = new ModelTab(w.browser, w.server, { version: 1, user: 'ana' });
  w.server.head = head;
  await w.world.pass(10);
  return tab;
}

describe('a late tab', () => {
  it('gets what lies between its page and the hub from the ring, without asking the server', async () => {
    const w = browserBy('worker');
    await w.open();
    w.server.publish(50);
    await w.world.pass(WORKER_GATHER_MS);
    const late = await staleTab(w, 20);
    expect([late.known, late.received, late.resets]).toEqual([50, 30, 0]);
    expect(w.polls()).toHaveLength(0);
    w.server.publish(1);
    await w.world.pass(WORKER_GATHER_MS);
    expect([late.known, late.wrong]).toEqual([51, []]);
  });

  it('reads by itself what the hub never had, then goes along', async () => {
    const w = browserBy('worker');
    w.server.publish(100);
    await w.open();
    const late = await staleTab(w, 10);
    expect([late.known, late.received, late.resets, late.wrong]).toEqual([100, 90, 0, []]);
    expect(w.polls().map(({ searchParams }) => searchParams.get('since'))).toEqual([
      'ep0a-10',
      'ep0a-50',
      'ep0a-90',
    ]);
    expect(w.server.openStreams()).toHaveLength(1);
  });

  it('asks again when what it reads for itself is swallowed', async () => {
    const w = browserBy('worker');
    w.server.publish(100);
    await w.open();
    w.server.gate = 'hole';
    const late = await staleTab(w, 95);
    await w.world.pass(9_000);
    w.server.gate = 'open';
    await w.world.pass(7_000);
    w.server.publish(1);
    await w.world.pass(WORKER_GATHER_MS);
    expect([late.known, late.received, late.wrong]).toEqual([101, 6, []]);
  });

  it('is reset alone when its history has gone', async () => {
    const w = browserBy('worker');
    w.server.publish(100);
    const first = await w.open();
    w.server.oldest = 60;
    const late = await staleTab(w, 10);
    w.server.publish(2);
    await w.world.pass(WORKER_GATHER_MS);
    expect([late.resets, late.known, first.resets]).toEqual([1, 102, 0]);
  });

  it('of a newer build does not share', async () => {
    const w = browserBy('worker');
    await w.open(1);
    await w.open(2);
    expect(w.server.openStreams().map(({ key }) => key)).toEqual(['feed 1 ana', 'feed 2 ana']);
  });
});

describe('the shared connection', () => {
  it('ends with its last tab, also when that crashes', async () => {
    for (const ways of ['worker', 'leader'] as const) {
      const w = browserBy(ways);
      const [a, b] = [await w.open(), await w.open()];
      a.feed.disconnect();
      await w.world.pass(1_000);
      expect(w.server.openStreams()).toHaveLength(1);
      w.browser.close(b.context);
      await w.world.pass(1_000);
      expect(w.server.openStreams()).toHaveLength(0);
    }
  });

  it('without locks notices a crashed tab by its silence, and keeps one that lives', async () => {
    const w = browserBy('worker without locks');
    const [a, b] = [await w.open(), await w.open()];
    w.browser.close(a.context);
    await w.world.pass(200_000);
    expect(b.status).toMatchObject({ tabs: 1 });
    w.browser.close(b.context);
    await w.world.pass(200_000);
    expect(w.server.openStreams()).toHaveLength(0);
  });

  it('ends when somebody else logs in, and its tabs say why', async () => {
    const w = browserBy('worker');
    const ana = await w.open();
    w.server.user = 'ben';
    await w.open();
    expect(ana.status).toMatchObject({ state: 'off', problem: 'unauthenticated' });
    expect(w.server.openStreams().map(({ user }) => user)).toEqual(['ben']);
    w.server.user = 'ana';
    const again = await w.open();
    expect([again.status?.state, ana.status?.state]).toEqual(['live', 'live']);
  });

  it.each(['worker', 'leader', 'alone'] as const)(
    'is not ended by a page that was left open when somebody else logged in, and that page gets nothing (%s)',
    async (ways) => {
      const w = browserBy(ways);
      const left = await w.open();
      left.context.frozen = true;
      w.server.user = 'ben';
      const ben = await w.open();
      left.context.thaw();
      await w.world.pass(400);
      const comeToFront = [
        () => left.feed.reconnect(),
        () => {
          left.feed.disconnect();
          void left.feed.connect();
        },
      ];
      for (const come of comeToFront) {
        come();
        await w.world.pass(400);
        w.server.publish(1);
        await w.world.pass(WORKER_GATHER_MS);
        expect(left.status).toMatchObject({ state: 'off', problem: 'unauthenticated' });
        expect(ben.status).toMatchObject({ state: 'live', problem: null });
      }
      expect([left.known, ben.known]).toEqual([0, 2]);
      expect(w.server.openStreams().map(({ user }) => user)).toEqual(['ben']);
    },
  );

  it('is not taken over by a page of somebody who logged out, while the next one is not here yet', async () => {
    const w = browserBy('worker');
    const ana = await w.open();
    w.server.logOut();
    await w.world.pass(2_000);
    w.server.user = 'ben';
    ana.feed.reconnect();
    await w.world.pass(10);
    expect(ana.status).toMatchObject({ state: 'off', problem: 'unauthenticated' });
    w.server.publish(1);
    w.server.user = 'ana';
    ana.feed.reconnect();
    await w.world.pass(10);
    expect([ana.status?.state, ana.known, ana.resets]).toEqual(['live', 1, 0]);
  });

  it('ends what a late tab reads for itself, and goes on from there when its person is back', async () => {
    const w = browserBy('worker');
    w.server.publish(100);
    const first = await w.open();
    w.server.user = 'ben';
    const late = await staleTab(w, 10);
    for (const tab of [first, late])
      expect(tab.status).toMatchObject({ state: 'off', problem: 'unauthenticated' });
    const asked = w.server.asked.length;
    await w.world.pass(600_000);
    expect(w.server.asked).toHaveLength(asked);
    w.server.user = 'ana';
    first.feed.reconnect();
    await w.world.pass(10);
    w.server.publish(1);
    await w.world.pass(WORKER_GATHER_MS);
    expect([first.known, late.known, late.wrong, late.resets]).toEqual([101, 101, [], 0]);
  });

  it('ends for all tabs when the session ends', async () => {
    const w = browserBy('worker');
    const tabs = [await w.open(), await w.open()];
    w.server.logOut();
    await w.world.pass(2_000);
    for (const tab of tabs) expect(tab.status).toMatchObject({ state: 'off', problem: 'unauthenticated' });
    const before = w.server.asked.length;
    await w.world.pass(600_000);
    expect(w.server.asked).toHaveLength(before);
  });
});

describe('a hub that is gone', () => {
  it('is a crashed worker: started again after 15 s of silence, from where the tabs are', async () => {
    const w = browserBy('worker');
    const tab = await w.open();
    w.server.publish(3);
    await w.world.pass(6_000);
    w.browser.crashWorkers();
    w.server.publish(4);
    await w.world.pass(16_000);
    expect([tab.known, tab.received, tab.wrong]).toEqual([7, 7, []]);
    expect(w.server.openStreams()).toHaveLength(1);
  });

  it('is a leader that closed: the next takes over at once', async () => {
    const w = browserBy('leader');
    const tabs = [await w.open(), await w.open(), await w.open()];
    w.browser.close((tabs[0] as ModelTab).context);
    w.server.publish(2);
    await w.world.pass(50);
    expect(tabs.slice(1).map(({ known }) => known)).toEqual([2, 2]);
    expect(w.server.openStreams()).toHaveLength(1);
  });

  it('is a leader that hangs: a new tab takes its place within 300 ms, and it follows at once when it wakes', async () => {
    const w = browserBy('leader');
    const hung = await w.open();
    hung.context.frozen = true;
    const fresh = await w.open();
    expect(fresh.status).toBeNull();
    await w.world.pass(350);
    expect(fresh.status?.state).toBe('live');
    hung.context.thaw();
    w.server.publish(1);
    await w.world.pass(500);
    expect([hung.known, fresh.known, w.server.openStreams().length]).toEqual([1, 1, 1]);
  });
});
