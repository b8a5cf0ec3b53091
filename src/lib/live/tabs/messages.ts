import type { Delta, Reset } from '#lib/contracts/feed.ts';
import type { FeedProblem, FeedState } from '../connection.ts';

/** How the browser's one connection is; times are milliseconds since 1970. */
export interface FeedStatus {
  state: FeedState;
  /** Since when it is in this state. */
  since: number;
  retryAt: number | null;
  problem: FeedProblem | null;
  transport: 'stream' | 'poll' | null;
  /** Last sign of life of the server. */
  aliveAt: number | null;
  lastConnected: number | null;
  /** Everything up to here was handled; tabs that are not behind have it. */
  cursor: string | null;
  /** Tabs that share the connection. */
  tabs: number;
}

/** From a tab to what holds the connection. */
export type ToHub =
  | { kind: 'attach'; call: number; since: string; url: string; topics: readonly string[]; user: string }
  /** `beat`: the tab lives; said where there are no locks to show it. */
  | { kind: 'detach' | 'try-now' | 'offline' | 'beat' };

/**
 * To a tab. `call` is that of the attach which it answers, so that words of an earlier hub are known as such. `from`
 * is where the tab is before these deltas; one that is not there has missed something.
 */
export type ToTab =
  | { kind: 'deltas'; call: number; from: string; deltas: readonly Delta[] }
  | { kind: 'reset'; call: number; reset: Reset }
  | { kind: 'status'; call: number; status: FeedStatus; inStep: boolean };

/** One tab, seen from the hub. */
export interface TabPort {
  readonly tab: string;
  send(message: ToTab): void;
}

/**
 * What one outcome sets off comes in several pieces; a message costs more than what is in it. Only in a worker: the
 * timers of a hidden page may be a minute late.
 */
export const WORKER_GATHER_MS = 20;
/** A hub is silent no longer than this, so that its tabs know that it lives. */
export const HUB_BEAT_MS = 5_000;
export const TAB_BEAT_MS = 30_000;
/** Timers of a hidden page may run once a minute only. */
export const TAB_SILENT_MS = 150_000;
