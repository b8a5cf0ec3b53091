import type { FeedEnvironment } from '../environment.ts';
import { FeedHub } from './feed-hub.ts';
import type { TabPort, ToHub } from './messages.ts';
import { USER_CHANNEL, whenGone, type Platform } from './platform.ts';

/** A hub with its ear to the browser: tabs that die are noticed, and so is another user. */
export class HubHost {
  readonly #hub: FeedHub;
  readonly #platform: Omit<Platform, 'openWorker'>;
  readonly #watched = new Set<string>();
  readonly #users;

  constructor(platform: Omit<Platform, 'openWorker'>, environment: Partial<FeedEnvironment> = {}) {
    this.#platform = platform;
    this.#hub = new FeedHub(environment);
    this.#users = platform.openChannel(USER_CHANNEL);
    this.#users?.onMessage((user) => this.#hub.userIs(String(user)));
  }

  receive(port: TabPort, message: ToHub): void {
    const { tab } = port;
    const { locks } = this.#platform;
    if (message.kind === 'attach' && locks !== null && !this.#watched.has(tab)) {
      this.#watched.add(tab);
      whenGone(locks, tab, () => {
        this.#watched.delete(tab);
        this.#hub.detach(tab);
      });
    }
    this.#hub.receive(port, message);
  }

  close(): void {
    this.#users?.close();
    this.#hub.close();
  }
}
