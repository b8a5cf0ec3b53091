/** The outside world, replaced in tests. */
export interface FeedEnvironment {
  fetch: typeof fetch;
  /** Milliseconds since 1970; only for what is shown, and to notice that the machine slept. */
  now(): number;
  /** Milliseconds of a clock that nobody can set back. */
  elapsed(): number;
  /** 0..1 */
  random(): number;
  /** Returns the way to cancel. */
  setTimer(act: () => void, ms: number): () => void;
  online(): boolean;
}

export const feedEnvironment: FeedEnvironment = {
  fetch: (...parameters) => fetch(...parameters),
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  setTimer(act, ms) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
  online: () => !('navigator' in globalThis) || globalThis.navigator.onLine !== false,
};

/** Asks for something that may take so long at most: its signal ends then, or when `signal` does. */
export async function within<T>(
  environment: Pick<FeedEnvironment, 'setTimer'>,
  ms: number,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const end = () => own.abort();
  const cancel = environment.setTimer(end, ms);
  signal.addEventListener('abort', end);
  try {
    return await ask(own.signal);
  } finally {
    cancel();
    signal.removeEventListener('abort', end);
  }
}

/** One part that fails is reported as uncaught and leaves the others to go on. */
export function callSafely(act: () => void): void {
  try {
    act();
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown;
    });
  }
}
