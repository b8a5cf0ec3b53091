import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { App } from './app.ts';

/** What this instance measures of itself, for Prometheus. */
export interface Telemetry {
  registry: Registry;
  outcomesRecorded: Counter<'source'>;
  outcomesWaiting: Gauge;
  oldestWaitingSeconds: Gauge;
  feedWaiting: Gauge;
  presenceConnections: Gauge;
  foldsServed: Gauge;
  foldsLed: Gauge;
  foldsFailed: Gauge;
}

/** One registry for each running app: nothing is measured at import time, and tests do not share counters. */
const telemetries = new WeakMap<App, Telemetry>();

function createTelemetry(): Telemetry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `telltale_${name}`, help, registers: [registry] });
  return {
    registry,
    outcomesRecorded: new Counter({
      name: 'telltale_outcomes_recorded_total',
      help: 'Outcomes that this instance recorded.',
      labelNames: ['source'],
      registers: [registry],
    }),
    outcomesWaiting: gauge(
      'log_entries_waiting',
      'Log entries that are recorded and not placed yet, all workspaces.',
    ),
    oldestWaitingSeconds: gauge(
      'fold_lag_seconds',
      'Age of the oldest log entry that is not applied yet; 0 when none waits.',
    ),
    feedWaiting: gauge('feed_events_waiting', 'Feed events that have no place in the sequence yet.'),
    presenceConnections: gauge(
      'presence_connections',
      "People's connections to this instance, those that closed within the last seconds included.",
    ),
    foldsServed: gauge('folds_served', 'Workspaces whose log this instance folds.'),
    foldsLed: gauge('folds_led', 'Workspaces that this instance leads.'),
    foldsFailed: gauge('folds_failed', 'Workspaces whose fold stopped with an error here.'),
  };
}

export function telemetryOf(app: App): Telemetry {
  const known = telemetries.get(app);
  if (known !== undefined) return known;
  const fresh = createTelemetry();
  telemetries.set(app, fresh);
  return fresh;
}
