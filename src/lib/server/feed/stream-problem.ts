import type { Feed } from '../app.ts';
import { problemResponse } from '../error-mapping.ts';

/**
 * Answers a request for a stream that failed before the stream began. What is wrong with the request leaves as the
 * problem it is, which an EventSource takes as final; whatever else it is passes, and leaves as a goodbye with a time
 * to come back.
 */
export function streamProblem(
  thrown: unknown,
  { app, requestId }: { app: { feed: Pick<Feed, 'turnAway'> }; requestId: string },
): Response {
  const problem = problemResponse(thrown, requestId);
  return problem.status < 500 ? problem : app.feed.turnAway('unavailable');
}
