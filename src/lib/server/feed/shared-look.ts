/**
 * Looks for everybody who asks, one look at a time: whoever asks while one is under way shares the next, which begins
 * after they asked.
 */
export function createSharedLook<Result>(look: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<unknown> | null = null;
  let next: Promise<Result> | null = null;

  function begin(): Promise<Result> {
    next = null;
    const looking = look();
    const done = () => {
      running = null;
    };
    running = looking.then(done, done);
    return looking;
  }

  return () => {
    if (running === null) return begin();
    next ??= running.then(begin);
    return next;
  };
}
