import type { Result } from './results.ts';

export type AttributeValue = string | number | boolean;

/**
 * One entry of the log as the fold sees it. Positions are gap-free from 1 within a workspace.
 *
 * A retract carries the result, value, attributes and localDay of the add that it takes back, so that
 * subtracting it is exact without looking anything up.
 */
export interface LogFacts {
  readonly position: number;
  readonly kind: 'add' | 'retract';
  /** Position of the add that a retract takes back; null for an add. */
  readonly retracts: number | null;
  readonly result: Result;
  readonly value: number | null;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Days since 1970-01-01 in the workspace's zone. */
  readonly localDay: number;
  readonly recordedAtMs: number;
}
