import { fastTryMs, pollAgainMs, POLL_EVERY_MS, probeMs } from './retry-delay.ts';

/** See SPEC.md for what each state means and how one becomes another. */
export type FeedState =
  'off' | 'connecting' | 'catching-up' | 'live' | 'polling' | 'reconnecting' | 'offline';

/** Events come, in whatever way. */
export const isConnected = (state: FeedState): boolean =>
  state === 'live' || state === 'catching-up' || state === 'polling';

/** Why the feed will not try again by itself. */
export type FeedProblem = 'bad-request' | 'unauthenticated' | 'forbidden' | 'not-found';

/** What the client does at this moment; exactly one thing, so there is never a second poll loop or stream. */
export type Phase =
  | { readonly kind: 'off'; readonly problem: FeedProblem | null }
  /** A stream was asked for and has not said hello. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'streaming'; readonly since: number }
  | { readonly kind: 'waiting'; readonly until: number }
  | { readonly kind: 'asking'; readonly since: number; readonly waitMs: number };

/** Times are readings of a clock that only runs forward, in milliseconds. */
export interface Connection {
  readonly phase: Phase;
  /** Everything up to now has come over the stream that is open. */
  readonly caughtUp: boolean;
  /** Streams in a row that failed soon. */
  readonly failures: number;
  /** Streams in a row that were open and carried nothing. */
  readonly mutes: number;
  /** Why polls stand in for the stream. */
  readonly polling: 'mute' | 'network' | 'off' | null;
  /** How the last poll ended; null: none has since polling began. */
  readonly pollsArrive: boolean | null;
  /** Polls that wait at the server get through. */
  readonly longPolls: boolean;
  readonly probes: number;
  readonly probeAt: number;
  /** Has streamed or polled since it was started. */
  readonly wasConnected: boolean;
  /** What is told while the server has a stream exchanged for a new one; null: it does not. */
  readonly renewing: 'live' | 'catching-up' | null;
}

export type ConnectionEvent =
  | { type: 'start' | 'stop' | 'behind' | 'caught-up' | 'beat' | 'woke' | 'try-now' | 'slept' | 'offline' }
  | { type: 'hello'; behind: boolean }
  | { type: 'lost'; how: 'network' | 'mute'; afterMs?: number | null }
  | { type: 'goaway'; reason: string; afterMs: number }
  | { type: 'refused'; problem: FeedProblem }
  /** `more`: the answer was full, so what follows is there already. */
  | { type: 'answered'; streaming: boolean; more: boolean }
  | { type: 'poll-failed'; afterMs?: number | null };

export const MUTES_UNTIL_POLLING = 3;
/** A stream that lived this long was no failed attempt, and what comes then is none of its first bytes. */
const STABLE_MS = 5_000;
/** Shorter than the time between two polls, so that the next one starts on time. */
const LONG_POLL_MS = 4_000;
const SHORTEST_GOAWAY_MS = 100;
/** A stream that is to be back so soon was not lost, only exchanged. */
const LONGEST_RENEWAL_MS = 2_000;
const RENEWALS: readonly string[] = ['max-age', 'deploy'];

export const initialConnection: Connection = {
  phase: { kind: 'off', problem: null },
  caughtUp: false,
  failures: 0,
  mutes: 0,
  polling: null,
  pollsArrive: null,
  longPolls: true,
  probes: 0,
  probeAt: 0,
  wasConnected: false,
  renewing: null,
};

interface Moment {
  now: number;
  /** 0..1 */
  random: number;
}

/**
 * The connection after an event. Pure: a new `phase` object means that what was going on ends and the new one begins,
 * the same object that it goes on. Events that mean nothing in the present phase change nothing.
 */
export function afterEvent(connection: Connection, event: ConnectionEvent, at: Moment): Connection {
  const { kind } = connection.phase;
  if (event.type === 'start') return { ...initialConnection, phase: { kind: 'opening' } };
  if (event.type === 'stop') return { ...initialConnection };
  if (kind === 'off') return connection;
  switch (event.type) {
    case 'refused':
      return { ...initialConnection, phase: { kind: 'off', problem: event.problem } };
    case 'hello':
      if (kind !== 'opening') return connection;
      return {
        ...connection,
        phase: { kind: 'streaming', since: at.now },
        caughtUp: !event.behind,
        polling: null,
        wasConnected: true,
        renewing: null,
      };
    case 'behind':
      return kind === 'streaming' ? { ...connection, caughtUp: false } : connection;
    case 'caught-up':
      return kind === 'streaming' ? { ...connection, caughtUp: true } : connection;
    case 'beat':
      // Only a beat proves that the stream carries, and not an early one: what a proxy lets through at first may be all.
      return isStable(connection.phase, at) ? { ...connection, failures: 0, mutes: 0 } : connection;
    case 'lost':
      return kind === 'opening' || kind === 'streaming'
        ? afterLoss(connection, event.how, event.afterMs ?? null, at)
        : connection;
    case 'goaway':
      return kind === 'opening' || kind === 'streaming'
        ? afterGoaway(connection, event.reason, event.afterMs, at)
        : connection;
    case 'answered':
      return kind === 'asking' ? afterAnswer(connection, connection.phase, event, at) : connection;
    case 'poll-failed':
      return kind === 'asking' ? afterFailedPoll(connection, event.afterMs ?? null, at) : connection;
    case 'offline':
      if (kind === 'asking') return afterFailedPoll(connection, null, at);
      if (kind === 'waiting')
        return {
          ...connection,
          pollsArrive: connection.polling === null ? null : false,
          renewing: null,
        };
      return afterLoss(connection, 'network', null, at);
    case 'woke':
      return kind === 'waiting' ? goOn(connection, at) : connection;
    case 'try-now':
      if (kind === 'waiting') return open({ ...connection, failures: 0 });
      return kind === 'asking' ? { ...connection, probeAt: at.now } : connection;
    case 'slept':
      return open({ ...connection, failures: 0, renewing: null });
  }
}

const isStable = (phase: Phase, at: Moment): boolean =>
  phase.kind === 'streaming' && at.now - phase.since >= STABLE_MS;

const open = (connection: Connection): Connection => ({
  ...connection,
  phase: { kind: 'opening' },
  caughtUp: false,
});

const wait = (connection: Connection, until: number): Connection => ({
  ...connection,
  phase: { kind: 'waiting', until },
  caughtUp: false,
});

const ask = (connection: Connection, waitMs: number, at: Moment): Connection => ({
  ...connection,
  phase: { kind: 'asking', since: at.now, waitMs },
  caughtUp: false,
});

function afterLoss(
  connection: Connection,
  how: 'network' | 'mute',
  afterMs: number | null,
  at: Moment,
): Connection {
  const failures = isStable(connection.phase, at) ? 0 : connection.failures;
  const mutes = how === 'mute' ? connection.mutes + 1 : connection.mutes;
  const counted = { ...connection, mutes, failures: failures + 1, renewing: null };
  const why = mutes >= MUTES_UNTIL_POLLING && how === 'mute' ? 'mute' : 'network';
  if (connection.polling !== null) return afterProbe(counted, why, at);
  if (why === 'mute') return poll(counted, why, at.now + probeMs(why, 0, at.random), at);
  if (afterMs !== null) return wait(counted, at.now + afterMs);
  const fastMs = fastTryMs(failures, at.random);
  if (fastMs !== null) return wait(counted, at.now + fastMs);
  return poll(counted, 'network', at.now + probeMs('network', 0, at.random), at);
}

/** An attempt to stream while polling failed: polling goes on. */
function afterProbe(connection: Connection, why: 'mute' | 'network', at: Moment): Connection {
  const probes = connection.probes + 1;
  const probeAt = at.now + probeMs(why, probes, at.random);
  return ask({ ...connection, polling: why, probes, probeAt }, 0, at);
}

function afterGoaway(connection: Connection, reason: string, afterMs: number, at: Moment): Connection {
  const until = at.now + Math.max(afterMs, SHORTEST_GOAWAY_MS);
  const orderly = { ...connection, failures: 0, mutes: 0, renewing: renewalOf(connection, reason, afterMs) };
  if (reason === 'off') return poll(orderly, 'off', until, at);
  // An attempt to stream while polling was turned away: polling goes on.
  if (connection.polling !== null)
    return ask({ ...orderly, probes: connection.probes + 1, probeAt: until }, 0, at);
  return wait(orderly, until);
}

function renewalOf({ phase, caughtUp }: Connection, reason: string, afterMs: number): Connection['renewing'] {
  if (phase.kind !== 'streaming' || !RENEWALS.includes(reason) || afterMs > LONGEST_RENEWAL_MS) return null;
  return caughtUp ? 'live' : 'catching-up';
}

/** Polls stand in from now on; the first answers at once. */
function poll(
  connection: Connection,
  polling: 'mute' | 'network' | 'off',
  probeAt: number,
  at: Moment,
): Connection {
  const pollsArrive = connection.polling === null ? null : connection.pollsArrive;
  // Where streams are switched off to spare the server, nothing is to be held open there.
  return ask(
    { ...connection, polling, pollsArrive, probeAt, probes: 0, longPolls: polling !== 'off' },
    0,
    at,
  );
}

function afterAnswer(
  connection: Connection,
  asked: { since: number },
  answer: { streaming: boolean; more: boolean },
  at: Moment,
): Connection {
  const { polling, pollsArrive } = connection;
  const arrived: Connection = {
    ...connection,
    pollsArrive: true,
    wasConnected: true,
    polling: answer.streaming ? polling : 'off',
    longPolls: connection.longPolls && answer.streaming,
  };
  // Back after a time without network, or switched on again: the stream may be as well.
  if (answer.streaming && (polling === 'off' || pollsArrive === false)) return open(arrived);
  if (answer.more) return ask(arrived, 0, at);
  return waitForNext(arrived, asked.since + POLL_EVERY_MS, at);
}

function afterFailedPoll(connection: Connection, afterMs: number | null, at: Moment): Connection {
  const { polling, phase } = connection;
  const wasLong = phase.kind === 'asking' && phase.waitMs > 0;
  // Nothing gets through at all, so it is not that only streams are swallowed.
  const soon = at.now + probeMs('network', connection.probes, at.random);
  return waitForNext(
    {
      ...connection,
      pollsArrive: false,
      polling: polling === 'off' ? 'off' : 'network',
      longPolls: connection.longPolls && !wasLong,
      probeAt: Math.min(connection.probeAt, soon),
    },
    at.now + (afterMs ?? pollAgainMs(at.random)),
    at,
  );
}

function waitForNext(connection: Connection, nextPollAt: number, at: Moment): Connection {
  return wait(connection, Math.max(at.now, Math.min(nextPollAt, connection.probeAt)));
}

function goOn(connection: Connection, at: Moment): Connection {
  if (connection.polling === null || at.now >= connection.probeAt) return open(connection);
  return ask(connection, connection.longPolls ? LONG_POLL_MS : 0, at);
}

/** What a person is told. `online`: what the browser says of its network. */
export function stateOf(connection: Connection, online: boolean): FeedState {
  const { phase } = connection;
  if (phase.kind === 'off') return 'off';
  if (phase.kind === 'streaming') return connection.caughtUp ? 'live' : 'catching-up';
  if (connection.renewing !== null) return connection.renewing;
  if (connection.polling !== null && connection.pollsArrive === true) return 'polling';
  if (phase.kind === 'opening' && !connection.wasConnected && connection.failures === 0) return 'connecting';
  return online ? 'reconnecting' : 'offline';
}
