import { getContext, setContext, untrack } from 'svelte';
import type { Delta, FeedTopic, FeedType, FeedValues } from '#lib/contracts/feed.ts';
import { withChange, type ConnectionEntry } from './connection-log.ts';
import { isConnected, type FeedProblem, type FeedState } from './connection.ts';
import { epochOf } from './cursor.ts';
import { feedEnvironment, type FeedEnvironment } from './environment.ts';
import { EventBus } from './event-bus.ts';
import { keepLiveChoice, onLiveChoice, readLiveChoice } from './live-choice.ts';
import { Pace, PACE_AGAIN_MS } from './pace.ts';
import { createPacedQueue, type PacedQueue } from './paced-queue.ts';
import { PageReader, type Dependency } from './page-reader.ts';
import { withParameters } from './read-stream.ts';
import { RowTurns } from './row-turns.ts';
import { browserPlatform } from './tabs/browser-platform.ts';
import type { FeedStatus } from './tabs/messages.ts';
import type { Platform } from './tabs/platform.ts';
import { TabFeed } from './tabs/tab-feed.ts';
import { watchBrowser } from './watch-browser.ts';

export type LiveState = FeedState | 'paused';

export interface LiveFeedOptions {
  /** Slug of the workspace; when it changes, the feed changes over. */
  workspace: () => string;
  /** Cursor that the page's data was read after; the feed continues from there. */
  cursor: () => string;
  /** Id of who is logged in; tabs of one person share a connection. */
  user: () => string;
  /** Of the build; tabs of different builds do not share. */
  version: string;
  /** What the server knows of the choice for or against live updates. */
  enabled: () => boolean;
  topics?: readonly FeedTopic[];
  /** The browser's own when left out. */
  platform?: () => Platform;
  environment?: FeedEnvironment;
}

const PAGE_TOPICS: readonly FeedTopic[] = [
  'outcomes',
  'patterns',
  'metrics',
  'collections',
  'presence',
  'system',
];
const CONTEXT = Symbol('live feed');
/** Beyond this, what is held back is thrown away and the page is loaded again instead. */
const LONGEST_HOLD_EVENTS = 5_000;
/** A loss shorter than this is not worth a word about the figures. */
const STALE_AFTER_MS = 5_000;
/** Figures of the connection are for people and move at most this often. */
const NOTED_EVERY_MS = 1_000;
const DELAYS_KEPT = 50;

/** People who come and go change no figure. */
const isNews = ({ topic }: Delta) => topic !== 'presence';

/** The feed as a page sees it: its state for the badge, and deltas handed out together, a few times a second. */
export class LiveFeed {
  #client = $state<FeedState>('off');
  #paused = $state(false);
  /** The epoch of what the feed hands out; null before it connects. */
  #epoch = $state<string | null>(null);
  /** Highest position that a delta of metrics or patterns spoke of. */
  asOf = $state(0);
  /** Last sign of life; milliseconds since 1970. */
  lastEventAt = $state<number | null>(null);
  /** When the next attempt is made, while reconnecting. */
  retryAt = $state<number | null>(null);
  /** Why the feed is off for good. */
  problem = $state<FeedProblem | null>(null);
  /** Figures may be old for longer than a moment, and not because somebody wanted it so. */
  stale = $state(false);
  /** News held back: events that are of more than who comes and goes. */
  waiting = $state(0);
  /** The person's choice; off means no connection at all. */
  enabled = $state(true);
  /** Since when it is in this state; milliseconds since 1970. */
  since = $state<number | null>(null);
  transport = $state<'stream' | 'poll' | null>(null);
  lastConnected = $state<number | null>(null);
  /** Tabs of this browser that share the connection. */
  tabs = $state(0);
  /** What became of the connection, newest first. */
  log = $state.raw<readonly ConnectionEntry[]>([]);
  /** Figures change so often that marks move in steps instead of sliding. */
  fast = $state(false);
  /** Events that came since the page did. Read when shown: it is not followed by itself. */
  received = 0;

  readonly #options: LiveFeedOptions;
  readonly #environment: FeedEnvironment;
  readonly #reader: PageReader;
  readonly #bus = new EventBus();
  readonly #queue: PacedQueue<Delta>;
  readonly #rowTurns = new RowTurns();
  #feed: TabFeed | null = null;
  /** Events held back, of every kind. */
  #held = 0;
  #missed = false;
  #cancelStale: (() => void) | null = null;
  #end: (() => void) | null = null;
  #delays: number[] = [];
  readonly #pace = new Pace();
  #paceTimer: ReturnType<typeof setTimeout> | undefined;
  /** Who waits until the page follows the feed again. */
  #awaiting: (() => void)[] = [];

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#environment = options.environment ?? feedEnvironment;
    this.#reader = new PageReader(this.#environment);
    this.enabled = options.enabled();
    this.#queue = createPacedQueue((deltas) => {
      for (const delta of deltas) this.#dispatch(delta);
      if (deltas.some(isNews)) this.#measurePace();
      this.#rowTurns.painting();
    });
  }

  /** `paused` only while there is a connection to pause: that it is lost counts for more. */
  get state(): LiveState {
    if (this.#paused && this.isConnected) return 'paused';
    return this.#client === 'live' && this.#isElsewhere ? 'catching-up' : this.#client;
  }
  get paused(): boolean {
    return this.#paused;
  }
  get isConnected(): boolean {
    return isConnected(this.#client);
  }
  /** The connection is lost, if only for a moment. */
  get lost(): boolean {
    return this.#client === 'reconnecting' || this.#client === 'offline';
  }
  /** The page moves with the feed: it is not held still, and live updates are on. */
  get follows(): boolean {
    return !this.#paused && this.#client !== 'off';
  }
  /** Milliseconds from an event's place in the feed to this page, the median of the last ones by this device's clock. */
  get delayMs(): number | null {
    return this.#delays.toSorted((a, b) => a - b)[Math.floor(this.#delays.length / 2)] ?? null;
  }
  /**
   * What values belong to: one workspace, and one history of its log. After the database was put back to an earlier
   * point another begins, whose positions say nothing about those before.
   */
  get history(): string {
    return `${this.#options.workspace()} ${epochOf(this.#options.cursor())}`;
  }
  /** The page was read in another history than the feed's: what comes does not fit what is shown. */
  get #isElsewhere(): boolean {
    return this.#epoch !== null && this.#epoch !== epochOf(this.#options.cursor());
  }

  /** Hears events of one type; returns the way to stop. */
  on<T extends FeedType>(type: T, handler: (value: FeedValues[T], delta: Delta) => void): () => void {
    return this.#bus.on(type, handler);
  }

  onAny(handler: (delta: Delta) => void): () => void {
    return this.#bus.onAny(handler);
  }

  /** Shows rows that changed: now, and while figures change all the time at their next turn. Of one owner the last counts. */
  showRows(owner: object, show: () => void): void {
    if (this.fast) this.#rowTurns.wait(owner, show);
    else show();
  }

  /** Resolved while the page follows the feed: what it reads by itself waits for this. */
  followed(): Promise<void> {
    return this.follows ? Promise.resolve() : new Promise((resolve) => this.#awaiting.push(resolve));
  }

  /** Holds the page still; nothing is lost, what comes waits. */
  pause(): void {
    this.#paused = true;
    this.holdOrRelease();
  }

  resume(): void {
    this.#paused = false;
    this.holdOrRelease();
  }

  /** What comes waits while the page is paused, or was read in another history. Called when either may have changed. */
  holdOrRelease(): void {
    if (this.#isHeld) {
      this.#count(this.#queue.hold());
      this.#rowTurns.end();
    } else {
      this.#noneHeld();
      this.#queue.release();
    }
    this.#tellFollowed();
    if (this.#paused || !this.#missed) return;
    this.#missed = false;
    this.#forget();
    void this.#reader.readAll();
  }

  get #isHeld(): boolean {
    return this.#paused || this.#isElsewhere;
  }

  toggle(): void {
    if (this.#paused) this.resume();
    else this.pause();
  }

  /** Tries now instead of waiting for the next attempt. */
  reconnect(): void {
    this.#feed?.reconnect();
  }

  /** Ends the connection, in every tab and until it is turned on again. */
  turnOff(): void {
    keepLiveChoice(false);
    this.#choose(false);
  }

  /** Connects again, from where the page is. */
  turnOn(): void {
    keepLiveChoice(true);
    this.#choose(true);
  }

  /** Reads the page's figures anew, for when they do not come by themselves. */
  loadNow(): Promise<void> {
    this.#reader.hurry();
    return this.#reader.readAll();
  }

  /** Reads anew what depends on this, once the server can answer; `signal`: not any longer. */
  readAgain(dependency: Dependency, signal?: AbortSignal): Promise<void> {
    return this.#reader.read(dependency, signal);
  }

  /** Nothing is read any longer; called when the layout goes. */
  end(): void {
    this.#reader.end();
  }

  /** Connects to a workspace; returns the way to end it. Called by `provideLiveFeed`. */
  connect(workspace: string): () => void {
    const { topics = PAGE_TOPICS, version, platform = browserPlatform } = this.#options;
    const user = this.#options.user();
    const feed = new TabFeed({
      name: ['telltale feed', version, user, workspace, ...topics].join(' '),
      user,
      url: withParameters('/api/v1/feed', { ws: workspace, user }),
      topics,
      since: this.#options.cursor(),
      platform: platform(),
      environment: this.#environment,
      onDeltas: (deltas) => this.#arrived(deltas),
      onReset: ({ head }) => this.#reset(epochOf(head)),
      onStatus: (status) => this.#note(status),
    });
    this.#feed = feed;
    this.#beginAnew();
    this.enabled = readLiveChoice(this.enabled);
    if (this.enabled) this.#start();
    const unhear = onLiveChoice((on) => this.#choose(on));
    return () => {
      unhear();
      this.#stop();
      this.#queue.clear();
    };
  }

  /** Nothing of what was before counts: another workspace, another person. */
  #beginAnew(): void {
    this.#forget();
    this.#paused = false;
    this.#missed = false;
    this.received = 0;
    this.#delays = [];
    this.lastEventAt = null;
  }

  #forget(): void {
    this.#bus.forget();
    this.#queue.clear();
    this.asOf = 0;
    this.#noneHeld();
  }

  #count(waiting: readonly Delta[]): void {
    if (this.#missed) return;
    this.#held = waiting.length;
    this.waiting = waiting.filter(isNews).length;
  }

  #noneHeld(): void {
    this.#held = 0;
    this.waiting = 0;
  }

  #choose(on: boolean): void {
    this.enabled = on;
    if (on) this.#start();
    else this.#stop();
  }

  #start(): void {
    const feed = this.#feed;
    if (feed === null || this.#end !== null) return;
    const cursor = this.#options.cursor();
    feed.continueFrom(cursor);
    this.#epoch = epochOf(cursor);
    this.holdOrRelease();
    this.#change('connecting', this.#environment.now());
    void feed.connect();
    const unwatch = watchBrowser(feed);
    this.#end = () => {
      unwatch();
      feed.disconnect();
    };
  }

  #stop(): void {
    this.#end?.();
    this.#end = null;
    this.transport = null;
    this.retryAt = null;
    this.#change('off', this.#environment.now());
  }

  #change(state: FeedState, at: number): void {
    if (state === this.#client) return;
    this.log = withChange(this.log, { from: this.#client, to: state, at });
    this.#client = state;
    this.since = at;
    this.#tellFollowed();
    this.#noteStale();
    // A page that waits for the server need not wait longer.
    if (this.isConnected) this.#reader.hurry();
  }

  #tellFollowed(): void {
    if (this.follows) for (const go of this.#awaiting.splice(0)) go();
  }

  #noteStale(): void {
    if (this.lost) {
      this.#cancelStale ??= this.#environment.setTimer(() => (this.stale = true), STALE_AFTER_MS);
      return;
    }
    this.#cancelStale?.();
    this.#cancelStale = null;
    this.stale = false;
  }

  #note(status: FeedStatus): void {
    if (this.#end === null) return;
    this.retryAt = status.retryAt;
    this.problem = status.problem;
    this.transport = status.transport;
    this.lastConnected = status.lastConnected;
    this.tabs = status.tabs;
    if (status.aliveAt !== null) this.#heard(status.aliveAt);
    // The page knows best: a worker is not told everywhere that the network is gone.
    const isOffline = status.state === 'reconnecting' && !this.#environment.online();
    this.#change(isOffline ? 'offline' : status.state, status.since);
    this.since = status.since;
  }

  #heard(at: number): void {
    if (this.lastEventAt === null || at - this.lastEventAt >= NOTED_EVERY_MS) this.lastEventAt = at;
  }

  #arrived(deltas: readonly Delta[]): void {
    const now = this.#environment.now();
    this.received += deltas.length;
    this.#heard(now);
    const isHeld = this.#isHeld;
    for (const delta of deltas) {
      this.#delays.push(Math.max(0, now - delta.t));
      if (isHeld) this.#keep(delta);
      else this.#queue.push(delta);
    }
    this.#delays.splice(0, this.#delays.length - DELAYS_KEPT);
  }

  #keep(delta: Delta): void {
    this.#held += 1;
    if (isNews(delta)) this.waiting += 1;
    if (this.#held <= LONGEST_HOLD_EVENTS) {
      this.#queue.push(delta);
    } else if (!this.#missed) {
      this.#missed = true;
      this.#queue.clear();
    }
  }

  /** What waits came before the reading that follows, perhaps in another history. */
  #reset(epoch: string): void {
    this.#epoch = epoch;
    this.#queue.clear();
    this.#missed = true;
    this.holdOrRelease();
  }

  #measurePace(): void {
    this.fast = this.#pace.delivered(performance.now());
    clearTimeout(this.#paceTimer);
    if (this.fast) this.#paceTimer = setTimeout(() => (this.fast = false), PACE_AGAIN_MS);
  }

  #dispatch(delta: Delta): void {
    if (!this.#bus.dispatch(delta)) return;
    const { value } = delta;
    if (typeof value === 'object' && value !== null && 'asOf' in value && typeof value.asOf === 'number') {
      this.asOf = Math.max(this.asOf, value.asOf);
    }
  }
}

/**
 * Makes the feed of a layout and gives it to everything below; call while the layout's component is made. Connects in
 * the browser only, follows navigation between workspaces, and disconnects when the layout goes.
 */
export function provideLiveFeed(options: LiveFeedOptions): LiveFeed {
  const live = new LiveFeed(options);
  setContext(CONTEXT, live);
  // By value: a page that was only read again stays connected.
  const workspace = $derived(options.workspace());
  const user = $derived(options.user());
  const history = $derived(live.history);
  $effect(() => {
    void user;
    const slug = workspace;
    return untrack(() => live.connect(slug));
  });
  $effect(() => {
    void history;
    untrack(() => live.holdOrRelease());
  });
  $effect(() => () => live.end());
  return live;
}

/** The feed of the layout above. @throws when there is none */
export function useLiveFeed(): LiveFeed {
  const live = getContext<LiveFeed | undefined>(CONTEXT);
  if (live === undefined) throw new Error('useLiveFeed requires provideLiveFeed in a layout above.');
  return live;
}
