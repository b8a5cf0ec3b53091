export interface Waker {
  /** Ends the wait that is on, or the next one before it begins. */
  ring(): void;
  /** Waits until rung (true) or for `ms` (false). `ignoreRings`: rings are kept for the next wait. */
  wait(ms: number, options?: { ignoreRings?: boolean }): Promise<boolean>;
  /** Ends this wait and all later ones at once. */
  close(): void;
}

/** A doorbell for one loop: a ring during work is not lost, many rings are one. */
export function createWaker(): Waker {
  let rung = false;
  let closed = false;
  let wake: (() => void) | null = null;
  let deaf = false;

  return {
    ring() {
      rung = true;
      if (!deaf) wake?.();
    },
    wait(ms, options) {
      deaf = options?.ignoreRings === true;
      if (closed) return Promise.resolve(false);
      if (!deaf && rung) {
        rung = false;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const timer = setTimeout(finish, ms);
        timer.unref();
        function finish(): void {
          clearTimeout(timer);
          wake = null;
          const heard = rung && !deaf;
          if (heard) rung = false;
          resolve(heard);
        }
        wake = finish;
      });
    },
    close() {
      closed = true;
      wake?.();
    },
  };
}
