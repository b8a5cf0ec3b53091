import { feedEnvironment, type FeedEnvironment } from '../environment.ts';
import { FeedHub } from './feed-hub.ts';
import { TAB_BEAT_MS, TAB_SILENT_MS, type TabPort, type ToHub } from './messages.ts';
import { USER_CHANNEL, whenGone, type Platform } from './platform.ts';

/** A hub with its ear to the browser: tabs that die are noticed, and so is another user. */
export class HubHost {
  readonly #hub: FeedHub;
  readonly #platform: Omit<Platform, 'openWorker'>;
  readonly #environment: FeedEnvironment;
  /** Tabs by when they last spoke. */
  readonly #heard = new Map<string, number>();
  readonly #users;
  #stopLooking: (() => void) | null = null;

  constructor(
    platform: Omit<Platform, 'openWorker'>,
    environment: Partial<FeedEnvironment> = {},
    gatherMs?: number,
  ) {
    this.#platform = platform;
    this.#environment = { ...feedEnvironment, ...environment };
    this.#users = platform.openChannel(USER_CHANNEL);
    this.#hub = new FeedHub(environment, (user) => this.#users?.post(user), gatherMs);
    this.#users?.onMessage((user) => this.#hub.userIs(String(user)));
  }

  receive(port: TabPort, message: ToHub): void {
    const { tab } = port;
    const isNew = message.kind === 'attach' && !this.#heard.has(tab);
    if (isNew || this.#heard.has(tab)) this.#heard.set(tab, this.#environment.elapsed());
    if (isNew) this.#watch(tab);
    if (message.kind === 'detach') this.#forget(tab);
    else this.#hub.receive(port, message);
  }

  close(): void {
    this.#stopLooking?.();
    this.#stopLooking = null;
    this.#users?.close();
    this.#hub.close();
  }

  #watch(tab: string): void {
    const { locks } = this.#platform;
    if (locks !== null) whenGone(locks, tab, () => this.#forget(tab));
    else if (this.#stopLooking === null) this.#look();
  }

  #forget(tab: string): void {
    this.#heard.delete(tab);
    this.#hub.detach(tab);
  }

  /** Without locks, a tab that is not heard of for long is taken for gone; if it lives, it attaches again. */
  #look(): void {
    this.#stopLooking = null;
    const now = this.#environment.elapsed();
    for (const [tab, at] of this.#heard) if (now - at > TAB_SILENT_MS) this.#forget(tab);
    if (this.#heard.size > 0) this.#stopLooking = this.#environment.setTimer(() => this.#look(), TAB_BEAT_MS);
  }
}
