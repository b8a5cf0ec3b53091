/** What of the browser tabs need to share a connection; replaced in tests. */
export interface Platform {
  /** Null where the browser has none. */
  openWorker(name: string): WorkerPort | null;
  openChannel(name: string): Channel | null;
  locks: Locks | null;
}

export interface WorkerPort {
  post(message: unknown): void;
  onMessage(hear: (message: unknown) => void): void;
  /** It could not be loaded. */
  onError(hear: () => void): void;
  close(): void;
}

export interface Channel {
  post(message: unknown): void;
  onMessage(hear: (message: unknown) => void): void;
  close(): void;
}

export interface Locks {
  /**
   * Calls `held` once the lock is ours; it is ours until what `held` returned resolves. Resolves then; rejects when it
   * was stolen from us or `signal` ended the waiting.
   */
  hold(
    name: string,
    options: { signal?: AbortSignal; steal?: boolean },
    held: () => Promise<void>,
  ): Promise<void>;
}

export const lockOfTab = (tab: string): string => `telltale tab ${tab}`;
/** Tells whose connection the server took last: who uses the browser now. */
export const USER_CHANNEL = 'telltale user';

/** Calls back when a tab is gone, however it went. Needs the tab to hold its own lock. */
export function whenGone(locks: Locks, tab: string, act: () => void): void {
  void locks.hold(lockOfTab(tab), {}, () => {
    act();
    return Promise.resolve();
  });
}
