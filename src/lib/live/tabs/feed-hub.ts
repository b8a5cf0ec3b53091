import type { Delta, Reset } from '#lib/contracts/feed.ts';
import { isConnected } from '../connection.ts';
import { epochOf } from '../cursor.ts';
import type { FeedEnvironment } from '../environment.ts';
import { FeedClient, feedEnvironment, type FeedProblem, type FeedState } from '../feed-client.ts';
import { catchUp } from './catch-up.ts';
import { DeltaRing } from './delta-ring.ts';
import { HUB_BEAT_MS, type FeedStatus, type TabPort, type ToHub } from './messages.ts';

/** A busy minute or two; older tabs read what they miss by themselves. */
const RING_DELTAS = 2_000;

interface Tab {
  port: TabPort;
  call: number;
  /** Its own reading of what the ring no longer has, and how far that came; null: it is in step with the hub. */
  reading: { abort: AbortController; at: string } | null;
}

interface Shared {
  url: string;
  topics: readonly string[];
  client: FeedClient;
  ring: DeltaRing;
  /** The last delta that was handed to the tabs, or where the history began. */
  position: string;
  /** Came since, and not handed on yet. */
  fresh: Delta[];
}

/**
 * Holds the one connection of a browser and gives every tab the deltas after its own cursor: from a ring, from the
 * server where the ring does not reach, then live. Lives in a SharedWorker, in the tab that leads, or in a tab alone.
 */
export class FeedHub {
  readonly #environment: FeedEnvironment;
  readonly #onUser: (user: string) => void;
  readonly #gatherMs: number;
  readonly #tabs = new Map<string, Tab>();
  #shared: Shared | null = null;
  #user: string | null = null;
  #since = 0;
  #state: FeedState = 'off';
  #aliveAt: number | null = null;
  #ended: FeedProblem | null = null;
  #stopBeat: (() => void) | null = null;

  /**
   * `onUser`: the server has just taken this person's connection. `gatherMs`: how long what came waits for more, to be
   * handed on together; 0: until the end of the turn.
   */
  constructor(environment: Partial<FeedEnvironment>, onUser: (user: string) => void, gatherMs = 0) {
    this.#environment = { ...feedEnvironment, ...environment };
    this.#onUser = onUser;
    this.#gatherMs = gatherMs;
    this.#since = this.#environment.now();
  }

  receive(port: TabPort, message: ToHub): void {
    if (message.kind === 'attach') this.#attach(port, message);
    else if (message.kind === 'detach') this.detach(port.tab);
    else if (message.kind === 'offline') this.#shared?.client.wentOffline();
    else if (message.kind === 'try-now') this.#tryNow();
  }

  /** The tab closed, or turned to another hub. The last one takes the connection with it. */
  detach(tab: string): void {
    this.#tabs.get(tab)?.reading?.abort.abort();
    if (this.#tabs.delete(tab) && this.#tabs.size === 0) this.close();
  }

  /** Somebody else uses this browser now: what was opened for the one before ends. */
  userIs(user: string): void {
    if (this.#user !== null && user !== this.#user) this.#end('unauthenticated');
  }

  #end(problem: FeedProblem): void {
    this.#ended = problem;
    this.#stopReading();
    this.#shared?.client.disconnect();
    this.#tellAll();
  }

  close(): void {
    this.#stopReading();
    this.#tabs.clear();
    this.#shared?.client.disconnect();
    this.#shared = null;
    this.#stopBeat?.();
    this.#stopBeat = null;
  }

  #stopReading(): void {
    for (const { reading } of this.#tabs.values()) reading?.abort.abort();
  }

  /** What was stopped goes on from where it was. */
  #readOn(shared: Shared): void {
    for (const tab of this.#tabs.values())
      if (tab.reading?.abort.signal.aborted === true) this.#place(shared, tab, tab.reading.at);
  }

  #tryNow(): void {
    const client = this.#shared?.client;
    this.#ended = null;
    if (client?.state === 'off') client.connect();
    else client?.reconnect();
  }

  #attach(port: TabPort, message: Extract<ToHub, { kind: 'attach' }>): void {
    this.#tabs.get(port.tab)?.reading?.abort.abort();
    const tab: Tab = { port, call: message.call, reading: null };
    this.#tabs.set(port.tab, tab);
    this.#user ??= message.user;
    // Its person may be logged in again; the server knows.
    this.#ended = null;
    if (this.#shared?.client.state === 'off') this.#shared.client.connect();
    const shared = (this.#shared ??= this.#open(message));
    this.#flush();
    this.#place(shared, tab, message.since);
    this.#tell(tab);
    if (this.#stopBeat === null) this.#beat();
  }

  #open({ url, topics, since }: Extract<ToHub, { kind: 'attach' }>): Shared {
    const client: FeedClient = new FeedClient({
      url,
      topics,
      since,
      snapshot: 'never',
      environment: this.#environment,
      handlers: {
        onDelta: (delta) => this.#take(delta),
        onReset: (reset) => this.#reset(reset),
        onAlive: () => {
          this.#aliveAt = this.#environment.now();
        },
        onState: (state) => {
          // A delta that came before the state must be there before it.
          this.#flush();
          this.#changed(state);
          this.#tellAll();
        },
      },
    });
    // Heard of only once this hub knows its client.
    queueMicrotask(() => {
      if (this.#shared?.client === client && this.#ended === null && client.state === 'off') client.connect();
    });
    return { url, topics, client, ring: new DeltaRing(since, RING_DELTAS), position: since, fresh: [] };
  }

  #changed(state: FeedState): void {
    const before = this.#state;
    if (state === before) return;
    this.#state = state;
    this.#since = this.#environment.now();
    if (state === 'off') this.#stopReading();
    if (!isConnected(state) || isConnected(before) || this.#shared === null) return;
    this.#readOn(this.#shared);
    if (this.#user !== null) this.#onUser(this.#user);
  }

  /** Gives a tab what lies between its cursor and the hub's place, and lets it go along from there. */
  #place(shared: Shared, tab: Tab, since: string): void {
    const { ring, position } = shared;
    tab.reading = null;
    if (epochOf(since) !== epochOf(position)) {
      this.#sendReset(tab, { reason: 'epoch', head: position });
    } else if (ring.covers(since)) {
      this.#send(tab, since, ring.after(since));
    } else {
      const reading = (tab.reading = { abort: new AbortController(), at: since });
      void catchUp({
        ...shared,
        since,
        signal: reading.abort.signal,
        environment: this.#environment,
        isCovered: (cursor) => epochOf(cursor) === epochOf(shared.position) && ring.covers(cursor),
        onPage: (from, deltas) => {
          reading.at = deltas.at(-1)?.c ?? reading.at;
          this.#send(tab, from, deltas);
        },
        onReset: (reset) => {
          reading.at = reset.head;
          this.#sendReset(tab, reset);
        },
        onRefused: (problem) => this.#end(problem),
        onCovered: (cursor) => {
          this.#flush();
          this.#place(shared, tab, cursor);
        },
      });
    }
  }

  #take(delta: Delta): void {
    const shared = this.#shared;
    if (shared === null) return;
    shared.ring.push(delta);
    shared.fresh.push(delta);
    if (shared.fresh.length > 1) return;
    const flush = () => this.#flush();
    if (this.#gatherMs === 0) queueMicrotask(flush);
    else this.#environment.setTimer(flush, this.#gatherMs);
  }

  /** Hands on what came, together. */
  #flush(): void {
    const shared = this.#shared;
    const last = shared?.fresh.at(-1);
    if (shared === null || last === undefined) return;
    const { position, fresh } = shared;
    shared.fresh = [];
    shared.position = last.c;
    for (const tab of this.#tabs.values()) if (tab.reading === null) this.#send(tab, position, fresh);
  }

  #reset(reset: Reset): void {
    const shared = this.#shared;
    if (shared === null) return;
    this.#flush();
    shared.position = reset.head;
    shared.ring.restart(reset.head);
    for (const tab of this.#tabs.values()) {
      tab.reading?.abort.abort();
      tab.reading = null;
      this.#sendReset(tab, reset);
    }
  }

  #send({ port, call }: Tab, from: string, deltas: readonly Delta[]): void {
    if (deltas.length > 0) port.send({ kind: 'deltas', call, from, deltas });
  }

  #sendReset({ port, call }: Tab, reset: Reset): void {
    port.send({ kind: 'reset', call, reset });
  }

  #status(): FeedStatus {
    const client = this.#shared?.client;
    return {
      state: this.#state,
      since: this.#since,
      retryAt: client?.retryAt ?? null,
      problem: this.#ended ?? client?.problem ?? null,
      transport: client?.transport ?? null,
      aliveAt: this.#aliveAt,
      lastConnected: client?.lastConnected ?? null,
      cursor: client?.cursor ?? null,
      tabs: this.#tabs.size,
    };
  }

  #tell({ port, call, reading }: Tab): void {
    port.send({ kind: 'status', call, status: this.#status(), inStep: reading === null });
  }

  #tellAll(): void {
    for (const tab of this.#tabs.values()) this.#tell(tab);
  }

  #beat(): void {
    this.#stopBeat = this.#environment.setTimer(() => {
      this.#flush();
      this.#tellAll();
      this.#beat();
    }, HUB_BEAT_MS);
  }
}
