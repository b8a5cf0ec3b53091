import { isConnected, type FeedState } from './connection.ts';

/** What became of the connection, newest first. Times are milliseconds since 1970. */
export type ConnectionEntry =
  | { kind: 'established'; at: number }
  | { kind: 'lost'; at: number; reason: string }
  | { kind: 'restored'; at: number; downMs: number };

const KEPT = 20;

/** The log after the connection went from one state to another; the same log when that is nothing to tell. */
export function withChange(
  log: readonly ConnectionEntry[],
  change: { from: FeedState; to: FeedState; at: number },
): readonly ConnectionEntry[] {
  const { from, to, at } = change;
  if (isConnected(from) === isConnected(to)) return log;
  return [entryOf(log[0], isConnected(to), to, at), ...log].slice(0, KEPT);
}

function entryOf(
  last: ConnectionEntry | undefined,
  connected: boolean,
  state: FeedState,
  at: number,
): ConnectionEntry {
  if (!connected) return { kind: 'lost', at, reason: state };
  if (last === undefined || last.kind !== 'lost' || last.reason === 'off') return { kind: 'established', at };
  return { kind: 'restored', at, downMs: Math.max(0, at - last.at) };
}
