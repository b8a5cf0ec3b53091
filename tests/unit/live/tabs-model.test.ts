import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeBrowser, type Ways } from './support/fake-browser.ts';
import { ModelServer, type Gate } from './support/model-server.ts';
import { ModelTab } from './support/model-tab.ts';
import { World } from './support/world.ts';

/** One browser with its tabs, over a server that does as it is told. */
class Real {
  readonly world = new World();
  readonly server = new ModelServer();
  readonly browser: FakeBrowser;
  version = 1;
  epochs = 0;
  crashed = false;
  tabs: ModelTab[] = [];

  constructor(ways: Ways) {
    this.browser = new FakeBrowser(this.world, (key) => this.server.fetchFor(key), ways);
    this.everyBeat();
  }

  everyBeat(): void {
    this.world.environment(fetch).setTimer(() => {
      this.server.beat();
      this.everyBeat();
    }, 15_000);
  }

  open(): void {
    const { user } = this.server;
    if (user === null || this.tabs.length >= 6) return;
    this.tabs.push(new ModelTab(this.browser, this.server, { version: this.version, user }));
  }

  tab(index: number): ModelTab | undefined {
    return this.tabs[index % Math.max(1, this.tabs.length)];
  }

  leave(tab: ModelTab): void {
    this.tabs = this.tabs.filter((other) => other !== tab);
  }
}

/** More by hand: LIVE_MODEL_RUNS=2000. */
const RUNS = Number(process.env['LIVE_MODEL_RUNS'] ?? 60);

type Command = fc.AsyncCommand<object, Real>;
const command = (name: string, run: (real: Real) => void | Promise<void>): Command => ({
  check: () => true,
  async run(_, real) {
    await run(real);
    await real.world.settle();
    for (const tab of real.tabs) expect(tab.wrong).toEqual([]);
  },
  toString: () => name,
});

const gates: Gate[] = ['open', 'down', 'hole', 'buffering', 'no-streams'];
const some = fc.nat(5);
const commands = [
  ...Array.from({ length: 4 }, () => fc.constant(command('open a tab', (real) => real.open()))),
  some.map((i) =>
    command(`close tab ${i}`, (real) => {
      const tab = real.tab(i);
      if (tab === undefined) return;
      tab.feed.disconnect();
      real.leave(tab);
    }),
  ),
  some.map((i) =>
    command(`crash tab ${i}`, (real) => {
      const tab = real.tab(i);
      if (tab === undefined) return;
      real.browser.close(tab.context);
      real.leave(tab);
    }),
  ),
  some.map((i) =>
    command(`put tab ${i} aside or fetch it back`, (real) => {
      const tab = real.tab(i);
      if (tab === undefined) return;
      tab.resting = !tab.resting;
      if (tab.resting) tab.feed.disconnect();
      else void tab.feed.connect();
    }),
  ),
  some.map((i) =>
    command(`freeze or thaw tab ${i}`, (real) => {
      const tab = real.tab(i);
      if (tab === undefined) return;
      if (tab.context.frozen) tab.context.thaw();
      else tab.context.frozen = true;
    }),
  ),
  some.map((i) => command(`try now in tab ${i}`, (real) => real.tab(i)?.feed.reconnect())),
  some.map((i) => command(`tab ${i} says offline`, (real) => real.tab(i)?.feed.wentOffline())),
  fc.constant(
    command('crash the workers', (real) => {
      real.crashed = true;
      real.browser.crashWorkers();
    }),
  ),
  fc.integer({ min: 1, max: 120 }).map((n) => command(`${n} events`, (real) => real.server.publish(n))),
  fc.integer({ min: 1, max: 5 }).map((n) => command(`${n} events`, (real) => real.server.publish(n))),
  fc
    .integer({ min: 1, max: 5 })
    .map((n) => command(`${n} events for others`, (real) => real.server.publishElsewhere(n))),
  fc.constant(command('cut', (real) => real.server.cut())),
  fc.constantFrom(...gates).map((gate) =>
    command(`gate ${gate}`, (real) => {
      real.server.gate = gate;
      real.world.online = gate !== 'down';
    }),
  ),
  fc.constant(
    command('deploy', (real) => {
      real.version += 1;
      real.server.goaway('deploy', 700);
    }),
  ),
  fc.boolean().map((on) =>
    command(`streaming ${on ? 'on' : 'off'}`, (real) => {
      real.server.streaming = on;
      if (!on) real.server.goaway('off', 30_000);
    }),
  ),
  fc.constant(
    command('another user', async (real) => {
      real.server.logOut();
      await real.world.settle();
      for (const tab of real.tabs) tab.feed.disconnect();
      real.tabs = [];
      real.server.user = `user ${real.version}-${real.world.elapsed}`;
      real.open();
      real.open();
    }),
  ),
  fc.constantFrom('ana', 'ben').map((user) =>
    command(`${user} logs in, and other pages stay open`, (real) => {
      real.server.user = user;
    }),
  ),
  fc.constant(
    command('another history', (real) => {
      real.epochs += 1;
      real.server.rotate(`ep${real.epochs}b`);
    }),
  ),
  fc.constant(
    command('old events go', (real) => {
      real.server.oldest = Math.max(real.server.oldest, real.server.head - 10);
    }),
  ),
  fc
    .constantFrom(100, 1_000, 6_000, 20_000, 90_000)
    .map((ms) => command(`${ms} ms pass`, (real) => real.world.pass(ms))),
  fc.constantFrom(10_000, 600_000, 36_000_000).map((ms) =>
    command(`sleep ${ms} ms`, (real) => {
      real.world.sleep(ms);
      // What was connected is dead and nobody says so.
      real.server.gate = 'open';
      real.server.cut();
    }),
  ),
  fc
    .constantFrom(3_600_000, -3_600_000)
    .map((ms) => command(`the clock steps ${ms} ms`, (real) => real.world.sleep(ms))),
];

async function toRest(real: Real): Promise<void> {
  real.server.gate = 'open';
  real.server.streaming = true;
  real.world.online = true;
  for (const tab of real.tabs) {
    if (tab.context.frozen) tab.context.thaw();
    if (tab.resting) void tab.feed.connect();
    tab.resting = false;
  }
  // Longer than it takes to notice a dead tab without locks.
  await real.world.pass(200_000);
  // Whoever uses the browser now has a page of their own.
  real.tabs.push(
    new ModelTab(real.browser, real.server, { version: real.version, user: real.server.user ?? '' }),
  );
  await real.world.pass(10_000);
  for (const tab of real.tabs) tab.feed.reconnect();
  await real.world.pass(10_000);
  real.server.publish(2);
  await real.world.pass(10_000);
  real.server.publishElsewhere(1);
  real.server.cut();
  await real.world.pass(1_000);
}

describe.each(['worker', 'worker without locks', 'leader', 'alone'] as const)(
  'tabs that share by %s',
  (ways) => {
    it('each know everything exactly once and hold one connection, whatever happened', async () => {
      await fc.assert(
        fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: 'max' }), async (run) => {
          const real = new Real(ways);
          real.open();
          real.open();
          real.open();
          await fc.asyncModelRun(() => ({ model: {}, real }), run);
          await toRest(real);
          const { server, tabs } = real;
          const own = tabs.filter(({ user }) => user === server.user);
          const others = tabs.filter((tab) => !own.includes(tab));
          for (const tab of tabs) expect(tab.wrong).toEqual([]);
          // The last event was for nobody here, and there was no beat since.
          for (const tab of own) {
            expect([tab.epoch, tab.known]).toEqual([server.epoch, server.head - 1]);
            expect(tab.status).toMatchObject({ state: 'live' });
          }
          for (const tab of others)
            expect(tab.status).toMatchObject({ state: 'off', problem: 'unauthenticated' });
          for (const { user } of server.openStreams()) expect(user).toBe(server.user);
          const names = new Set(own.map(({ name }) => name));
          // Without locks, tabs whose worker died before its first word go on alone.
          const mayBeAlone = ways === 'alone' || (ways === 'worker without locks' && real.crashed);
          const most = mayBeAlone ? own.length : names.size;
          expect(server.openStreams().length).toBeLessThanOrEqual(most);
          for (const tab of tabs) tab.feed.disconnect();
          await real.world.pass(20_000);
          expect(server.openStreams()).toHaveLength(0);
        }),
        { numRuns: RUNS },
      );
    }, 600_000);
  },
);
