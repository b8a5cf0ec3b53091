import type { FeedEnvironment } from '#lib/live/environment.ts';
import { HubHost } from '#lib/live/tabs/hub-host.ts';
import { WORKER_GATHER_MS, type ToHub } from '#lib/live/tabs/messages.ts';
import type { Channel, Locks, Platform, WorkerPort } from '#lib/live/tabs/platform.ts';
import type { World } from './world.ts';

interface Claim {
  of: Context;
  held: () => Promise<void>;
  resolve(): void;
  reject(reason: Error): void;
  /** Ends the hold without a word, as when its process dies. */
  over: boolean;
}

/** A page or a worker: what it started ends with it, at once and without a word. */
class Context {
  alive = true;
  frozen = false;
  readonly environment: FeedEnvironment;
  /** Came while frozen; delivered when it thaws. */
  held: (() => void)[] = [];
  readonly #aborts = new Set<AbortController>();

  constructor(world: World, fetch: FeedEnvironment['fetch']) {
    const outer = world.environment(fetch);
    this.environment = {
      ...outer,
      random: () => Math.random(),
      setTimer: (act, ms) => outer.setTimer(() => this.run(act), ms),
      fetch: (input, init) => {
        if (!this.alive) return new Promise(() => undefined);
        const abort = new AbortController();
        this.#aborts.add(abort);
        const end = () => abort.abort();
        init?.signal?.addEventListener('abort', end);
        const answer = outer.fetch(input, { ...init, signal: abort.signal });
        // A stream goes on after its answer has come.
        if (String(input).includes('/poll'))
          void answer.catch(() => undefined).finally(() => init?.signal?.removeEventListener('abort', end));
        return answer;
      },
    };
  }

  /** Now, when it is awake, never, when it is dead. */
  run(act: () => void): void {
    if (!this.alive) return;
    if (this.frozen) this.held.push(act);
    else act();
  }

  thaw(): void {
    this.frozen = false;
    const held = this.held;
    this.held = [];
    for (const act of held) this.run(act);
  }

  die(): void {
    this.alive = false;
    for (const abort of this.#aborts) abort.abort();
  }
}

export type Ways = 'worker' | 'worker without locks' | 'leader' | 'alone';

/** One browser: its locks, channels and shared workers, over a model of the server. */
export class FakeBrowser {
  readonly #world: World;
  readonly #fetchFor: (key: string) => FeedEnvironment['fetch'];
  readonly #ways: Ways;
  readonly #locks = new Map<string, Claim[]>();
  readonly #channels = new Map<string, Set<{ of: Context; hear: (message: unknown) => void }>>();
  readonly #workers = new Map<string, { context: Context; host: HubHost }>();

  constructor(world: World, fetchFor: (key: string) => FeedEnvironment['fetch'], ways: Ways) {
    this.#world = world;
    this.#fetchFor = fetchFor;
    this.#ways = ways;
  }

  /** A page. `key` names its connections at the server when it makes them itself. */
  openContext(key: string): Context {
    return new Context(this.#world, this.#fetchFor(key));
  }

  close(context: Context): void {
    context.die();
    for (const [name, claims] of this.#locks) {
      const held = claims[0]?.of === context;
      for (const claim of claims) if (claim.of === context) claim.over = true;
      this.#locks.set(
        name,
        claims.filter(({ of }) => of !== context),
      );
      if (held) this.#grant(name);
    }
    for (const listeners of this.#channels.values())
      for (const listener of listeners) if (listener.of === context) listeners.delete(listener);
  }

  /** Shared workers die, their pages live on. */
  crashWorkers(): void {
    for (const { context } of this.#workers.values()) this.close(context);
    this.#workers.clear();
  }

  /** Who holds a lock whose name starts so. */
  holderOf(start: string): Context | null {
    for (const [name, claims] of this.#locks) if (name.startsWith(start)) return claims[0]?.of ?? null;
    return null;
  }

  platform(context: Context): Platform {
    return {
      locks: this.#ways === 'worker' || this.#ways === 'leader' ? this.#locksOf(context) : null,
      openChannel: (name) => this.#openChannel(name, context),
      openWorker: (name) => (this.#ways.startsWith('worker') ? this.#openWorker(name, context) : null),
    };
  }

  #openWorker(name: string, page: Context): WorkerPort {
    let worker = this.#workers.get(name);
    if (worker === undefined) {
      const context = new Context(this.#world, this.#fetchFor(name));
      worker = { context, host: new HubHost(this.platform(context), context.environment, WORKER_GATHER_MS) };
      this.#workers.set(name, worker);
    }
    const { context, host } = worker;
    let hear: (message: unknown) => void = () => undefined;
    let closed = false;
    return {
      post: (data) => {
        const { tab, message } = data as { tab: string; message: ToHub };
        const send = (answer: unknown) =>
          later(() =>
            page.run(() => {
              if (!closed) hear(answer);
            }),
          );
        later(() => context.run(() => host.receive({ tab, send }, message)));
      },
      onMessage: (listener) => {
        hear = listener;
      },
      onError: () => undefined,
      close: () => {
        closed = true;
      },
    };
  }

  #openChannel(name: string, of: Context): Channel {
    const listeners = this.#channels.get(name) ?? new Set();
    this.#channels.set(name, listeners);
    const silent: (message: unknown) => void = () => undefined;
    const own = { of, hear: silent };
    listeners.add(own);
    return {
      post(message) {
        for (const other of listeners)
          if (other !== own) later(() => other.of.run(() => listeners.has(other) && other.hear(message)));
      },
      onMessage(hear) {
        own.hear = hear;
      },
      close() {
        listeners.delete(own);
      },
    };
  }

  #locksOf(of: Context): Locks {
    return {
      hold: (name, { signal, steal }, held) =>
        new Promise((resolve, reject) => {
          const claim: Claim = { of, held, resolve, reject, over: false };
          const claims = this.#locks.get(name) ?? [];
          const robbed = steal === true ? claims.shift() : undefined;
          this.#locks.set(name, steal === true ? [claim, ...claims] : [...claims, claim]);
          if (robbed !== undefined) {
            robbed.over = true;
            // The browser promises no order, and this one is the harder: who took it speaks before the other knows.
            later(() => later(() => later(() => robbed.of.run(() => robbed.reject(new Error('stolen'))))));
          }
          signal?.addEventListener('abort', () => {
            const queue = this.#locks.get(name) ?? [];
            if (queue[0] === claim || !queue.includes(claim)) return;
            this.#locks.set(
              name,
              queue.filter((other) => other !== claim),
            );
            reject(new Error('aborted'));
          });
          if (this.#locks.get(name)?.[0] === claim) this.#grant(name);
        }),
    };
  }

  #grant(name: string): void {
    const claim = this.#locks.get(name)?.[0];
    if (claim === undefined) return;
    later(() =>
      claim.of.run(() => {
        if (claim.over) return;
        void claim.held().then(() => {
          if (claim.over) return;
          claim.over = true;
          this.#locks.set(
            name,
            (this.#locks.get(name) ?? []).filter((other) => other !== claim),
          );
          claim.resolve();
          this.#grant(name);
        });
      }),
    );
  }
}

const later = (act: () => void): void => void setImmediate(act);
export type { Context };
