import { getContext, setContext, untrack } from 'svelte';
import { invalidateAll } from '$app/navigation';
import type { Delta, FeedTopic, FeedType, FeedValues } from '#lib/contracts/feed.ts';
import { EventBus } from './event-bus.ts';
import { FeedClient, type FeedEnvironment, type FeedProblem, type FeedState } from './feed-client.ts';
import { createFrameQueue, type FrameQueue } from './frame-queue.ts';
import { watchBrowser } from './watch-browser.ts';

export type LiveState = FeedState | 'paused';

export interface LiveFeedOptions {
  /** Slug of the workspace; when it changes, the feed changes over. */
  workspace: () => string;
  /** Cursor that the page's data was read after; the feed continues from there. */
  cursor: () => string;
  topics?: readonly FeedTopic[];
  /** History is gone. Default: loads the page's data again. */
  onReset?: () => void | Promise<void>;
  environment?: Partial<FeedEnvironment>;
}

const PAGE_TOPICS: readonly FeedTopic[] = ['outcomes', 'patterns', 'metrics', 'collections', 'system'];
const CONTEXT = Symbol('live feed');
/** Beyond this, what waits while paused is thrown away and the page is loaded again instead. */
const LONGEST_PAUSE_EVENTS = 5_000;

/** The feed as a page sees it: its state for the badge, and deltas handed out at most once a frame. */
export class LiveFeed {
  #client = $state<FeedState>('off');
  #paused = $state(false);
  /** Highest position that a delta of metrics or patterns spoke of. */
  asOf = $state(0);
  /** Last sign of life; milliseconds since 1970. */
  lastEventAt = $state<number | null>(null);
  /** When the next attempt is made, while reconnecting. */
  retryAt = $state<number | null>(null);
  /** Why the feed is off for good. */
  problem = $state<FeedProblem | null>(null);
  /** Events held back while paused. */
  waiting = $state(0);

  readonly #options: LiveFeedOptions;
  readonly #bus = new EventBus();
  readonly #queue: FrameQueue<Delta>;
  #feed: FeedClient | null = null;
  #missedWhilePaused = false;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#queue = createFrameQueue((deltas) => {
      for (const delta of deltas) this.#dispatch(delta);
    });
  }

  get state(): LiveState {
    return this.#paused && this.#client !== 'off' ? 'paused' : this.#client;
  }
  get paused(): boolean {
    return this.#paused;
  }
  /** The workspace that values belong to. */
  get workspace(): string {
    return this.#options.workspace();
  }

  /** Hears events of one type; returns the way to stop. */
  on<T extends FeedType>(type: T, handler: (value: FeedValues[T], delta: Delta) => void): () => void {
    return this.#bus.on(type, handler);
  }

  onAny(handler: (delta: Delta) => void): () => void {
    return this.#bus.onAny(handler);
  }

  /** Holds the page still; nothing is lost, what comes waits. */
  pause(): void {
    this.#paused = true;
    this.#queue.hold();
  }

  resume(): void {
    this.#paused = false;
    this.waiting = 0;
    this.#queue.release();
    if (!this.#missedWhilePaused) return;
    this.#missedWhilePaused = false;
    this.#reset();
  }

  toggle(): void {
    if (this.#paused) this.resume();
    else this.pause();
  }

  /** Tries now instead of waiting for the next attempt. */
  reconnect(): void {
    if (this.#client === 'off') this.#feed?.start();
    else this.#feed?.reconnect();
  }

  /** Connects to a workspace; returns the way to end it. Called by `provideLiveFeed`. */
  connect(workspace: string, cursor: string): () => void {
    const feed = new FeedClient({
      url: `/api/v1/feed?ws=${encodeURIComponent(workspace)}`,
      topics: this.#options.topics ?? PAGE_TOPICS,
      since: cursor,
      ...(this.#options.environment === undefined ? {} : { environment: this.#options.environment }),
      handlers: {
        onDelta: (delta) => this.#take(delta),
        onReset: () => this.#reset(),
        onState: (state) => {
          this.#client = state;
          this.retryAt = feed.retryAt;
          this.problem = feed.problem;
        },
        onAlive: () => {
          this.lastEventAt = Date.now();
        },
      },
    });
    this.#feed = feed;
    this.#bus.forget();
    this.#queue.clear();
    this.asOf = 0;
    feed.start();
    const unwatch = watchBrowser(feed);
    return () => {
      unwatch();
      feed.stop();
      this.#queue.clear();
    };
  }

  #take(delta: Delta): void {
    if (!this.#paused) {
      this.#queue.push(delta);
      return;
    }
    this.waiting += 1;
    if (this.waiting <= LONGEST_PAUSE_EVENTS) {
      this.#queue.push(delta);
    } else if (!this.#missedWhilePaused) {
      this.#missedWhilePaused = true;
      this.#queue.clear();
    }
  }

  #reset(): void {
    if (this.#paused) {
      this.#missedWhilePaused = true;
      return;
    }
    this.#bus.forget();
    void (this.#options.onReset ?? invalidateAll)();
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
  $effect(() => {
    const workspace = options.workspace();
    return untrack(() => live.connect(workspace, options.cursor()));
  });
  return live;
}

/** The feed of the layout above. @throws when there is none */
export function useLiveFeed(): LiveFeed {
  const live = getContext<LiveFeed | undefined>(CONTEXT);
  if (live === undefined) throw new Error('useLiveFeed requires provideLiveFeed in a layout above.');
  return live;
}
