import type { MetricsView } from '#lib/contracts/metrics.ts';
import { useLiveFeed, type LiveFeed } from './live-feed.svelte.ts';

/** The metrics of the page, kept up to date. */
export class LiveMetrics {
  #live = $state.raw<{ of: string; value: MetricsView } | null>(null);
  /** Updates applied since the page came; 0: as the server rendered it. */
  changed = $state(0);
  readonly #feed: LiveFeed;
  readonly #base: () => MetricsView;

  constructor(feed: LiveFeed, base: () => MetricsView) {
    this.#feed = feed;
    this.#base = base;
  }

  get value(): MetricsView {
    const base = this.#base();
    const live = this.#live;
    const isNewer = live !== null && live.of === this.#feed.history && live.value.asOf >= base.asOf;
    return isNewer ? live.value : base;
  }

  /** Takes an update. One of the same position counts: time alone moves today's figures. */
  apply(update: MetricsView): void {
    const current = this.value;
    if (update.asOf < current.asOf) return;
    const history = update.history ?? current.history;
    this.#live = {
      of: this.#feed.history,
      value: { ...update, ...(history === undefined ? {} : { history }) },
    };
    this.changed += 1;
  }
}

/** Call while the component is made. `base`: what the page was rendered with. */
export function liveMetrics(base: () => MetricsView): LiveMetrics {
  const feed = useLiveFeed();
  const metrics = new LiveMetrics(feed, base);
  $effect(() => feed.on('metrics.updated', (value) => metrics.apply(value)));
  return metrics;
}
