import type { App } from '../../app.ts';
import { telemetryOf } from '../../telemetry.ts';
import { countConnections } from '../presence/index.ts';
import { feedMetricsText } from './feed-metrics.ts';
import { readQueues } from './queues.ts';

/** What Prometheus reads: the process, and what the product does. Names no workspace. */
export async function readMetricsText(app: App): Promise<{ text: string; contentType: string }> {
  const telemetry = telemetryOf(app);
  const queues = await readQueues(app.db.sql);
  const folds = app.folds.health();
  const feed = app.feed.stats();
  telemetry.presenceConnections.set(await countConnections(app));
  telemetry.outcomesWaiting.set(queues.entriesWaiting);
  telemetry.oldestWaitingSeconds.set(queues.foldLagMs / 1000);
  telemetry.feedWaiting.set(queues.eventsWaiting);
  telemetry.foldsServed.set(folds.length);
  telemetry.foldsLed.set(folds.filter((fold) => fold.leading).length);
  telemetry.foldsFailed.set(folds.filter((fold) => fold.error !== null).length);
  const text = `${await telemetry.registry.metrics()}\n${feedMetricsText(feed)}`;
  return { text, contentType: telemetry.registry.contentType };
}
