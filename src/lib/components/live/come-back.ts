import { feedEnvironment, type FeedEnvironment } from '#lib/live/environment.ts';
import { PageReader } from '#lib/live/page-reader.ts';

/** So often at most where the server says that it is there and still has no page. */
const AFTER_MS = 1_000;

interface PageError {
  code?: string | undefined;
  errorId?: string | undefined;
}

/** Whether a page failed because nobody answered. What the server itself fails at has a code or a reference. */
export const isUnanswered = (status: number, error: PageError | null): boolean =>
  status === 503 ||
  (status >= 500 && error !== null && error.code === undefined && error.errorId === undefined);

/**
 * Reads a page that nobody answered for again, once the server says that it is there. Call anew for each failure.
 * @returns stops it
 */
export function comeBack(environment: FeedEnvironment = feedEnvironment): () => void {
  const reader = new PageReader(environment);
  const cancel = environment.setTimer(() => void reader.readAll(), AFTER_MS);
  return () => {
    cancel();
    reader.end();
  };
}
