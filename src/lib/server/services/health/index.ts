export { readHealth, type Health } from './read-health.ts';
export { readMetricsText } from './read-metrics-text.ts';
export { readReadiness, type Readiness } from './read-readiness.ts';
