export { getMetrics } from './get-metrics.ts';
