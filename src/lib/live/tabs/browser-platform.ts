import type { Channel, Locks, Platform } from './platform.ts';

/** The channels and locks of this page or worker. */
export function openChannel(name: string): Channel | null {
  if (!('BroadcastChannel' in globalThis)) return null;
  const channel = new BroadcastChannel(name);
  return {
    post: (message) => channel.postMessage(message),
    onMessage: (hear) => {
      channel.onmessage = (event) => hear(event.data);
    },
    close: () => channel.close(),
  };
}

export const browserLocks: Locks | null =
  // There are none where a page came over plain http from another machine.
  (globalThis.navigator as Partial<Navigator> | undefined)?.locks === undefined
    ? null
    : {
        async hold(name, options, held) {
          await navigator.locks.request(name, options, held);
        },
      };

/** Telltale's tabs in a real browser. Call in the browser only. */
export function browserPlatform(): Platform {
  return {
    locks: browserLocks,
    openChannel,
    openWorker(name) {
      if (!('SharedWorker' in globalThis)) return null;
      const worker = new SharedWorker(new URL('./feed-worker.ts', import.meta.url), { type: 'module', name });
      return {
        post: (message) => worker.port.postMessage(message),
        onMessage: (hear) => {
          worker.port.onmessage = (event) => hear(event.data);
        },
        onError: (hear) => {
          worker.onerror = hear;
        },
        close: () => worker.port.close(),
      };
    },
  };
}
