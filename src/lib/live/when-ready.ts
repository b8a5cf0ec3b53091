import { feedEnvironment, type FeedEnvironment } from './environment.ts';
import { pollAgainMs } from './retry-delay.ts';

/** Where an instance says whether it can answer pages yet. */
const READY = '/readyz';

/**
 * Resolves once the server answers pages. To be waited for before a page's data is read again by itself: a server that
 * has just started, or is not there, would put an error in place of figures that are only a little old.
 */
export async function whenReady(
  environment: Pick<FeedEnvironment, 'fetch' | 'random' | 'setTimer'> = feedEnvironment,
): Promise<void> {
  for (;;) {
    try {
      const { ok } = await environment.fetch(READY, { cache: 'no-store' });
      if (ok) return;
    } catch {
      // No network: the badge says so already.
    }
    await new Promise<void>((resolve) => {
      environment.setTimer(resolve, pollAgainMs(environment.random()) / 5);
    });
  }
}
