import type { Delta, Reset } from '#lib/contracts/feed.ts';
import type { FeedProblem } from '../connection.ts';
import { within, type FeedEnvironment } from '../environment.ts';
import { pollAddress, readPage, UnexpectedAnswer, withParameters } from '../read-stream.ts';
import { pollAgainMs, POLL_PATIENCE_MS } from '../retry-delay.ts';

interface CatchUp {
  url: string;
  topics: readonly string[];
  since: string;
  signal: AbortSignal;
  environment: FeedEnvironment;
  /** Whether the ring holds everything after this cursor. */
  isCovered(cursor: string): boolean;
  onPage(from: string, deltas: readonly Delta[]): void;
  onReset(reset: Reset): void;
  onCovered(cursor: string): void;
  /** Who reads may not, or no longer; nothing more is read. */
  onRefused(problem: FeedProblem): void;
}

/** Reads forward from an old cursor by single polls until the ring takes over; polls that fail are tried again. */
export async function catchUp(options: CatchUp): Promise<void> {
  const { url, topics, signal, environment } = options;
  let { since } = options;
  while (!signal.aborted) {
    try {
      const address = withParameters(pollAddress(url), {
        topics: topics.join(','),
        since,
        wait: '0',
        snapshot: 'never',
      });
      // One that is swallowed gives no error.
      const text = await within(environment, POLL_PATIENCE_MS, signal, (patience) =>
        readPage({ url: address, headers: undefined, signal: patience, environment }),
      );
      if (signal.aborted) return;
      const page = JSON.parse(text) as { from: string; to: string; events: Delta[]; reset?: Reset };
      if (page.reset !== undefined) options.onReset(page.reset);
      if (page.events.length > 0) options.onPage(page.from, page.events);
      since = page.to;
      if (options.isCovered(since)) {
        options.onCovered(since);
        return;
      }
      // Nothing more, and not where the hub is: it has not noticed yet that another history began.
      if (page.events.length === 0) await pause(environment, signal);
    } catch (thrown) {
      if (signal.aborted) return;
      const problem = thrown instanceof UnexpectedAnswer ? thrown.problem : null;
      if (problem === 'unauthenticated' || problem === 'forbidden') return options.onRefused(problem);
      // The tab's own figures wait; the connection itself says what is wrong.
      await pause(environment, signal);
    }
  }
}

function pause(environment: FeedEnvironment, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener('abort', end);
      cancel();
      resolve();
    };
    const cancel = environment.setTimer(end, pollAgainMs(environment.random()));
    signal.addEventListener('abort', end);
  });
}
