import type { Delta, Reset } from '#lib/contracts/feed.ts';
import { epochOf, isKnown } from '../cursor.ts';
import type { FeedEnvironment } from '../environment.ts';
import { alone, byLeader, byWorker, type HubLink, type Way } from './links.ts';
import { HUB_BEAT_MS, TAB_BEAT_MS, type FeedStatus, type ToTab } from './messages.ts';
import { lockOfTab, type Platform } from './platform.ts';

export interface TabFeedOptions {
  /** Whoever uses the same name shares a connection: build, user, workspace. */
  name: string;
  user: string;
  /** Names the user: the server refuses a connection that somebody else's session would make. */
  url: string;
  topics: readonly string[];
  /** Cursor that the page was read after. */
  since: string;
  platform: Platform;
  environment: FeedEnvironment;
  /** In order, each exactly once. */
  onDeltas(deltas: readonly Delta[]): void;
  onReset(reset: Reset): void;
  onStatus(status: FeedStatus): void;
}

const WAYS: readonly Way[] = [byWorker, byLeader, alone];
/** A hub that said nothing for three of its beats is gone, or hangs. */
const SILENT_MS = 3 * HUB_BEAT_MS;
/** A worker that has to be loaded first may take this long for its first word. */
const FIRST_WORD_MS = 5_000;
/** The watch need not begin anew with every one of many words a second. */
const WATCH_ANEW_MS = 1_000;

/**
 * A tab's side of the shared connection: attaches to a hub with its own cursor, attaches again when the hub is another
 * or something is missing, and takes the next way when one does not work.
 */
export class TabFeed {
  readonly #options: TabFeedOptions;
  #position: string;
  #way = 0;
  #link: HubLink | null = null;
  /** Number of the last attach; answers to earlier ones are not heard. */
  #call = 0;
  #heard = false;
  #releaseLock: () => void = () => undefined;
  #cancelWatch: () => void = () => undefined;
  #watchedAt = 0;
  #stopBeat: () => void = () => undefined;

  constructor(options: TabFeedOptions) {
    this.#options = options;
    this.#position = options.since;
  }

  /** Everything up to here was handed out. */
  get position(): string {
    return this.#position;
  }

  /** The page was read anew, after this cursor; while it is not connected. */
  continueFrom(cursor: string): void {
    if (epochOf(cursor) !== epochOf(this.#position) || !isKnown(cursor, this.#position))
      this.#position = cursor;
  }

  /** Connects from where this tab is. */
  async connect(): Promise<void> {
    this.disconnect();
    const { platform, environment } = this.#options;
    const tab = newTabId(environment);
    const { held, release } = holdLock(platform, lockOfTab(tab));
    this.#releaseLock = release;
    await held;
    if (this.#releaseLock !== release) return;
    this.#open(tab);
    if (platform.locks === null) this.#beat();
  }

  disconnect(): void {
    this.#stopBeat();
    this.#close();
    this.#releaseLock();
    this.#releaseLock = () => undefined;
  }

  /** Tries now instead of waiting for the next attempt. */
  reconnect(): void {
    this.#link?.post({ kind: 'try-now' });
  }

  wentOffline(): void {
    this.#link?.post({ kind: 'offline' });
  }

  #beat(): void {
    this.#stopBeat = this.#options.environment.setTimer(() => {
      this.#link?.post({ kind: 'beat' });
      this.#beat();
    }, TAB_BEAT_MS);
  }

  #close(): void {
    this.#cancelWatch();
    this.#call += 1;
    this.#link?.post({ kind: 'detach' });
    this.#link?.close();
    this.#link = null;
  }

  #open(tab: string): void {
    const { name, platform, environment } = this.#options;
    const own: { link: HubLink | null } = { link: null };
    const isCurrent = () => own.link !== null && own.link === this.#link;
    const options = {
      name,
      tab,
      platform,
      environment,
      onMessage: (message: ToTab) => {
        if (isCurrent()) this.#receive(tab, message);
      },
      onHub: () => {
        if (isCurrent()) this.#attach(tab);
      },
      onBroken: () => {
        if (isCurrent()) this.#nextWay(tab);
      },
    };
    own.link = WAYS[this.#way]?.(options) ?? null;
    this.#link = own.link;
    this.#heard = false;
    if (own.link === null) this.#nextWay(tab);
  }

  #nextWay(tab: string): void {
    this.#close();
    this.#way = Math.min(this.#way + 1, WAYS.length - 1);
    this.#open(tab);
  }

  #attach(tab: string): void {
    const { url, topics, user } = this.#options;
    this.#call += 1;
    this.#watch(tab);
    this.#link?.post({ kind: 'attach', call: this.#call, since: this.#position, url, topics, user });
  }

  /** A hub may die without a word: a worker that crashed, a leader that hangs. */
  #watch(tab: string): void {
    this.#cancelWatch();
    this.#watchedAt = this.#options.environment.elapsed();
    this.#cancelWatch = this.#options.environment.setTimer(
      () => {
        // A worker may hang for good; the place of a leader that hangs is taken.
        if (!this.#heard && WAYS[this.#way] === byWorker) return this.#nextWay(tab);
        this.#close();
        this.#open(tab);
      },
      this.#heard ? SILENT_MS : FIRST_WORD_MS,
    );
  }

  #receive(tab: string, message: ToTab): void {
    if (message.call !== this.#call) return;
    const isRecent = this.#options.environment.elapsed() - this.#watchedAt < WATCH_ANEW_MS;
    if (!this.#heard || !isRecent) {
      this.#heard = true;
      this.#watch(tab);
    }
    if (message.kind === 'status') {
      const { cursor } = message.status;
      const isFurther = cursor !== null && epochOf(cursor) === epochOf(this.#position);
      if (message.inStep && isFurther && !isKnown(cursor, this.#position)) this.#position = cursor;
      this.#options.onStatus(message.status);
    } else if (message.kind === 'reset') {
      this.#position = message.reset.head;
      this.#options.onReset(message.reset);
    } else if (isKnown(message.from, this.#position)) {
      const fresh = message.deltas.filter(({ c }) => !isKnown(c, this.#position));
      const last = fresh.at(-1);
      if (last === undefined) return;
      this.#position = last.c;
      this.#options.onDeltas(fresh);
    } else {
      this.#attach(tab);
    }
  }
}

const newTabId = ({ random }: FeedEnvironment): string =>
  Array.from({ length: 4 }, () => Math.floor(random() * 0x1_0000_0000).toString(36)).join('');

/** Holds a lock for as long as this page lives or until it is released. `held` resolves also where there are none. */
function holdLock({ locks }: Platform, name: string): { held: Promise<void>; release: () => void } {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  if (locks === null) return { held: Promise.resolve(), release };
  const held = new Promise<void>((resolve) => {
    void locks.hold(name, {}, () => {
      resolve();
      return released;
    });
  });
  return { held, release };
}
