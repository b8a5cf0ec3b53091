import type { UnsentStore } from './unsent-store.ts';

/** Longer than one sending may take, so that a lease cannot end under it. */
const LEASE_MS = 45_000;

export interface OneAtATime {
  /** Runs the work when no other tab does; `renew` is to be called before each step of it. False: another tab works. */
  run(owner: string, work: (renew: () => Promise<void>) => Promise<void>): Promise<boolean>;
}

/** By the browser's locks: waits for its turn, and a tab that dies lets go. */
export function byLocks(locks: LockManager): OneAtATime {
  return {
    async run(owner, work) {
      await locks.request(`telltale-unsent/${owner}`, () => work(() => Promise.resolve()));
      return true;
    },
  };
}

/**
 * By a row in the store that both tabs write in transactions, where there are no locks (an address without https).
 * A tab that dies holds the others up for as long as its lease.
 */
export function byLease(
  store: Pick<UnsentStore, 'lease' | 'letGo'>,
  holder: string,
  now: () => number,
): OneAtATime {
  return {
    async run(owner, work) {
      const renew = () => store.lease(owner, holder, now(), LEASE_MS);
      if (!(await renew())) return false;
      try {
        await work(async () => void (await renew()));
      } finally {
        await store.letGo(owner, holder);
      }
      return true;
    },
  };
}
