import type { Distribution, FeedStats } from '../../app.ts';

interface Sample {
  labels?: Record<string, string>;
  value: number;
}

/**
 * The feed's figures in Prometheus' text format. Written here rather than kept in the registry, because the feed counts
 * for itself and a histogram of the registry takes observations only.
 */
export function feedMetricsText(feed: FeedStats): string {
  return [
    metric('streams', 'gauge', 'Readers now: open streams, and polls that wait.', [
      { labels: { transport: 'stream' }, value: feed.streams },
      { labels: { transport: 'poll' }, value: feed.polls },
    ]),
    metric('opened_total', 'counter', 'Streams and polls that were opened.', [
      { labels: { transport: 'stream' }, value: feed.opened.stream },
      { labels: { transport: 'poll' }, value: feed.opened.poll },
    ]),
    metric('resets_total', 'counter', 'Readers told to read everything again.', byReason(feed.resets)),
    metric('goaways_total', 'counter', 'Streams ended or turned away.', byReason(feed.goaways)),
    one('failed_total', 'Streams that ended because something went wrong here.', feed.failed),
    one('encoded_total', 'Events encoded: each once, whoever reads it.', feed.read),
    one('joined_total', 'Events joined into the bytes of a class of readers.', feed.joined),
    one('delivered_total', 'Events written to readers.', feed.delivered),
    one('delivered_bytes_total', 'Bytes written to readers.', feed.deliveredBytes),
    one('coalesced_total', 'Changes that slow readers got as a part of a later one.', feed.coalesced),
    one('replay_queries_total', 'Reads of the outbox for readers that are behind.', feed.replays),
    one('snapshots_built_total', 'Snapshots that were built.', feed.snapshots.built),
    one('snapshots_sent_total', 'Snapshots that were sent; one may be sent to many.', feed.snapshots.sent),
    metric('slowest_lag_seconds', 'gauge', 'How long the slowest open stream has been behind.', [
      { value: feed.slowestLagMs / 1_000 },
    ]),
    histogram('delivery_seconds', 'From the place in the sequence to waiting streams.', feed.latency),
    histogram('establish_seconds', 'From an authorized request until its stream was open.', feed.established),
    histogram('resume_seconds', 'From a request with a cursor until its client had everything.', feed.resume),
  ].join('');
}

const byReason = (counts: Record<string, number>): Sample[] =>
  Object.entries(counts).map(([reason, value]) => ({ labels: { reason }, value }));

const one = (name: string, help: string, value: number): string => metric(name, 'counter', help, [{ value }]);

function metric(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  const full = `telltale_feed_${name}`;
  return heading(full, type, help) + samples.map((sample) => line(full, sample)).join('');
}

function histogram(name: string, help: string, { bounds, counts, count, sum }: Distribution): string {
  const full = `telltale_feed_${name}`;
  let below = 0;
  const buckets = bounds.map((bound, index) => {
    below += counts[index] ?? 0;
    return line(`${full}_bucket`, { labels: { le: String(bound) }, value: below });
  });
  return [
    heading(full, 'histogram', help),
    ...buckets,
    line(`${full}_bucket`, { labels: { le: '+Inf' }, value: count }),
    line(`${full}_sum`, { value: sum }),
    line(`${full}_count`, { value: count }),
  ].join('');
}

const heading = (name: string, type: string, help: string) =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

function line(name: string, { labels = {}, value }: Sample): string {
  const list = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  return `${name}${list.length === 0 ? '' : `{${list.join(',')}}`} ${value}\n`;
}
