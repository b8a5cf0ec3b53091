import type { GoawayReason } from '#lib/contracts/feed.ts';
import type {
  Doorbell,
  Feed,
  FeedRequest,
  FeedStats,
  ReadingListener,
  SnapshotSource,
  StreamingSwitch,
} from '../app.ts';
import type { Context } from '../context.ts';
import type { Database } from '../db/client.ts';
import type { Env } from '../env.ts';
import { AppError, coerceError } from '../errors.ts';
import { readHead, within } from '../event-log/index.ts';
import { logger } from '../logger.ts';
import type { Audience } from './audience.ts';
import { Audiences } from './audiences.ts';
import { FeedCounters } from './counters.ts';
import { formatCursor } from './cursor.ts';
import type { EncodedEvent } from './encode.ts';
import type { EncodedSnapshot } from './encode-snapshot.ts';
import { goawayFrame } from './frames.ts';
import { createPlaces } from './places.ts';
import { answerPoll } from './poll.ts';
import { FeedReader, READ_DEADLINE_MS } from './reader.ts';
import { readFeedQuery } from './request.ts';
import { badRequest, jsonResponse, streamHeaders } from './responses.ts';
import { Replays } from './replays.ts';
import { Reaches } from './reaches.ts';
import { decideResume, troubleInOutbox, type ResumeHost } from './resume.ts';
import { concerns, createRightsCheck, type Whose } from './rights-check.ts';
import { audienceOf, ownerOf, readerOf, switchedBy } from './rights.ts';
import { createSharedLook } from './shared-look.ts';
import { createSlots } from './slots.ts';
import { Snapshots } from './snapshots.ts';
import { findChanged, type Reader } from './still-allowed.ts';
import { FeedStream } from './stream.ts';
import type { StreamHost } from './stream-host.ts';
import { FEED_TIMINGS, type FeedTimings } from './timings.ts';

const TICK_MS = 250;
const DRAIN_STEP_MS = 10;
/** What may be read for resuming readers at the same time, so that a storm of them leaves connections for others. */
const REPLAYS_AT_ONCE = 4;
/** Streams of one cause fail by the thousand; one of them is logged. */
const FAILURE_LOG_MS = 5_000;
/** Longer than a request takes from its authorization to its place here. */
const RIGHTS_SETTLE_MS = 5_000;

export interface FeedHub extends Feed {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface FeedHubOptions {
  db: Database;
  doorbell: Doorbell;
  env: Pick<Env, 'TELLTALE_STREAMS' | 'TELLTALE_STREAMS_PER_KEY'>;
  /** What there is, for readers that missed too much; without it they are told the head alone. */
  snapshots?: SnapshotSource;
  /** Who may stream; everybody without it. */
  streaming?: StreamingSwitch;
  /** Hears who reads. */
  readings?: ReadingListener;
  now?: () => number;
  random?: () => number;
  timings?: Partial<FeedTimings>;
  /** Whether the sequencer of this instance leads; for the statistics. */
  sequencing?: () => boolean;
}

/** Everything that reads and streams the feed in this process. Events come from the outbox only. */
export function createFeedHub(options: FeedHubOptions): FeedHub {
  const { db, env, streaming, readings } = options;
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  const timings: FeedTimings = { ...FEED_TIMINGS, ...options.timings };
  const counters = new FeedCounters();
  const audiences = new Audiences((events) => (counters.joined += events));
  const places = createPlaces(env);
  const streams = new Set<FeedStream>();
  /** Polls that are being answered, and the way to end their wait. A request that is not held on to forgets its signal. */
  const polls = new Map<Reader, { asked: Pick<Request, 'signal'>; end(): void }>();
  const replaySlots = createSlots(REPLAYS_AT_ONCE, READ_DEADLINE_MS);
  /** Whose rights moved lately, and when. */
  const rightsMoved = new Map<Whose, number>();
  let draining = false;
  let clock: NodeJS.Timeout | null = null;
  let recheckAt = 0;
  let failureLogAt = 0;
  let unsubscribe: () => void = () => undefined;

  const reader = new FeedReader({
    db,
    doorbell: options.doorbell,
    timings,
    hooks: {
      onVisible: showWindow,
      onEvent: noticeRights,
      onLost(reason) {
        for (const audience of audiences.all()) audience.forget();
        snapshots.forget();
        for (const stream of streams) stream.startOver(reason);
        for (const poll of polls.values()) poll.end();
      },
    },
  });

  const replays = new Replays({
    db,
    reader,
    slots: replaySlots,
    onRead: () => (counters.replays += 1),
  });

  const reaches = new Reaches({ db, reader, slots: replaySlots });
  const resuming: ResumeHost = {
    reader,
    reach: (audience) => reaches.of(audience),
    head: createSharedLook(() => within(READ_DEADLINE_MS, readHead(db.sql))),
    futureMs: timings.futureMs,
  };

  const snapshots = new Snapshots({
    source: options.snapshots ?? (async () => ({ ...(await readHead(db.sql)), parts: [], figures: null })),
    keepMs: timings.snapshotMs,
    onBuilt: () => (counters.snapshots.built += 1),
    onFailed(thrown) {
      logger.warn({ err: coerceError(thrown) }, 'what there is could not be read for the feed');
    },
  });

  function showWindow(from: number, to: number): void {
    for (const audience of audiences.all()) audience.show(reader.ring, from, to);
    if (streams.size === 0) return;
    const at = now();
    for (let seq = from + 1; seq <= to; seq += 1) {
      const event = reader.ring.at(seq);
      if (event !== undefined) counters.latency.add(at - event.t);
    }
  }

  /** Rights travel through the feed itself, so that every instance hears of them in time, whatever else is lost. */
  function noticeRights(event: EncodedEvent): void {
    if (event.type === 'workspace.changed') recheck(event.workspaceId);
    if (event.type === 'session.ended') recheck(event.key);
    if (event.type !== 'access.changed') return;
    noteMoved(event.key);
    const isTheirs = ({ actor, workspaceId }: Reader) =>
      actor.type === 'user' && actor.id === event.key && workspaceId === event.workspaceId;
    for (const stream of streams) if (isTheirs(stream.who)) stream.review();
    for (const [who, poll] of polls) if (isTheirs(who)) poll.end();
  }

  const host: StreamHost = {
    reader,
    timings,
    counters,
    now,
    random,
    replay: (audience, from, limit) => replays.page(audience, from, limit),
    canReplay: async (audience, from) => troubleInOutbox(await reaches.of(audience), from) === null,
    snapshot: readSnapshot,
    review,
    failed(thrown) {
      counters.failed += 1;
      if (performance.now() < failureLogAt) return;
      failureLogAt = performance.now() + FAILURE_LOG_MS;
      logger.error({ err: coerceError(thrown), failed: counters.failed }, 'a stream of the feed failed');
    },
    left(stream) {
      if (!streams.delete(stream)) return;
      places.give(stream.owner);
      audiences.leave(stream.audience);
      readings?.closed(stream.who);
      if (streams.size + polls.size === 0) stopClock();
    },
  };

  /** @throws AppError UNAVAILABLE when it cannot be made, or this instance does not come as far */
  async function readSnapshot(audience: Audience, topics: readonly string[]): Promise<EncodedSnapshot> {
    const snapshot = await snapshots.get({ ...audience.filter, topics }, reader.visible);
    if (await reader.waitFor(snapshot, timings.futureMs)) return snapshot;
    const { epoch, seq } = snapshot;
    logger.warn(
      { epoch, seq, visible: reader.visible },
      'this instance does not come as far as the database',
    );
    throw notNow('This instance is behind.');
  }

  const findChangedOf = (who: Reader) => replaySlots.run(() => findChanged(db, [who]));

  async function review(stream: FeedStream): Promise<'same' | 'changed' | 'revoked'> {
    const { who } = stream;
    const permissions = (await findChangedOf(who)).get(who);
    if (permissions === null) return 'revoked';
    if (permissions === undefined || !streams.has(stream)) return 'same';
    who.permissions = permissions;
    const { shared, filter } = stream.audience;
    audiences.leave(stream.audience);
    stream.audience = audiences.join(audienceOf(who, permissions, filter), shared.compat);
    return 'changed';
  }

  /** Overload is an answer of the protocol: to a browser any status but 200 means "never come back". */
  function turnAway(reason: GoawayReason): Response {
    counters.goaway(reason);
    if (reason === 'too-many' || reason === 'unavailable') counters.refused += 1;
    return new Response(new Uint8Array(goawayFrame(reason, random)), { headers: streamHeaders() });
  }

  /** A request may have been let in by rights that were others when its reader was entered here. */
  function rightsJustMoved(who: Reader): boolean {
    const since = performance.now() - RIGHTS_SETTLE_MS;
    for (const [whose, at] of rightsMoved) if (at < since) rightsMoved.delete(whose);
    return rightsMoved.size > 0 && concerns(new Set(rightsMoved.keys()), who);
  }

  const noteMoved = (whose: Whose) => rightsMoved.set(whose, performance.now());

  const mayStream = (who: Pick<Context, 'actor'>) => streaming?.allows(switchedBy(who)) ?? true;

  async function open(ctx: Context, request: FeedRequest): Promise<Response> {
    const askedAt = performance.now();
    const query = readFeedQuery(request);
    if ('issues' in query) return badRequest(query.issues);
    if (draining) return turnAway('deploy');
    if (!mayStream(ctx)) return turnAway('off');
    const owner = ownerOf(ctx);
    if (!(await mayOpen(ctx, owner)) || !places.take(owner)) return turnAway('too-many');
    const who = readerOf(ctx, request);
    const audience = audiences.join(audienceOf(who, who.permissions, query), query.compat);
    try {
      const resume = await decideResume(resuming, { audience, who, cursorText: query.cursor });
      const { topics, snapshot } = query;
      const stream = new FeedStream(host, { audience, who, owner, resume, topics, snapshot });
      streams.add(stream);
      readings?.opened(who, 'stream');
      counters.opened.stream += 1;
      counters.established.add(performance.now() - askedAt);
      startClock();
      // Meanwhile the instance may have begun to close, or streaming may have been switched off.
      if (draining) stream.leave('deploy');
      else if (!mayStream(who)) stream.leave('off');
      else if (rightsJustMoved(who)) stream.review();
      return new Response(stream.body, { headers: streamHeaders(resume.kind) });
    } catch (thrown) {
      places.give(owner);
      audiences.leave(audience);
      throw thrown;
    }
  }

  async function poll(ctx: Context, request: FeedRequest): Promise<Response> {
    const query = readFeedQuery(request);
    if ('issues' in query) return badRequest(query.issues);
    const owner = ownerOf(ctx);
    // Unlike a stream, a poll can be told by its status: its client reads it.
    await ctx.app.limits.openStream(owner);
    if (!places.take(owner))
      throw new AppError('RATE_LIMITED', 'Too many readers of the feed.', { retryAfterSeconds: 10 });
    const who = readerOf(ctx, request);
    const audience = audiences.join(audienceOf(who, who.permissions, query), query.compat);
    const ending = new AbortController();
    const { request: asked } = request;
    const end = () => ending.abort();
    asked.signal.addEventListener('abort', end);
    if (draining || asked.signal.aborted) end();
    polls.set(who, { asked, end });
    readings?.opened(who, 'poll');
    counters.opened.poll += 1;
    startClock();
    try {
      if (rightsJustMoved(who) && (await findChangedOf(who)).size > 0) throw notNow('Your rights changed.');
      const resume = await decideResume(resuming, { audience, who, cursorText: query.cursor });
      const { waitMs, snapshot } = query;
      const answer = { audience, resume, snapshot, waitMs, ended: ending.signal, streaming: mayStream(ctx) };
      return jsonResponse(await answerPoll(host, answer));
    } finally {
      polls.delete(who);
      readings?.closed(who);
      asked.signal.removeEventListener('abort', end);
      places.give(owner);
      audiences.leave(audience);
      if (streams.size + polls.size === 0) stopClock();
    }
  }

  const lookAtRights = createRightsCheck(db, () => [
    ...[...streams].map((stream) => ({
      who: stream.who,
      revoke: () => stream.leave('revoked'),
      review: () => stream.review(),
    })),
    ...[...polls].map(([who, poll]) => ({ who, revoke: () => poll.end(), review: () => poll.end() })),
  ]);

  function recheck(whose: Whose = null): void {
    noteMoved(whose);
    lookAtRights(whose);
  }

  /** Streaming was switched for some: those who may not any more go and poll. */
  function applySwitch(): void {
    for (const stream of streams) if (!mayStream(stream.who)) stream.leave('off');
  }

  function startClock(): void {
    if (clock !== null) return;
    recheckAt = performance.now() + timings.recheckMs;
    clock = setInterval(() => {
      const at = performance.now();
      for (const stream of [...streams]) stream.tick(at);
      if (at < recheckAt) return;
      recheckAt = at + timings.recheckMs;
      lookAtRights(null);
    }, TICK_MS);
    clock.unref();
  }

  function stopClock(): void {
    if (clock !== null) clearInterval(clock);
    clock = null;
  }

  async function drain(): Promise<void> {
    draining = true;
    for (const poll of polls.values()) poll.end();
    const leaving = [...streams];
    const begun = performance.now();
    const spreadMs = Math.min(timings.drainMs, (leaving.length * 1_000) / timings.goodbyesPerSecond);
    for (const [n, stream] of leaving.entries()) {
      while (performance.now() < begun + (spreadMs * n) / leaving.length) await pause(DRAIN_STEP_MS);
      stream.leave('deploy');
    }
    const deadline = performance.now() + timings.goodbyeMs;
    while (streams.size > 0 && performance.now() < deadline) await pause(DRAIN_STEP_MS);
    for (const stream of [...streams]) stream.tick(Number.POSITIVE_INFINITY);
  }

  function stats(): FeedStats {
    const at = performance.now();
    return {
      streams: streams.size,
      polls: polls.size,
      opened: { ...counters.opened },
      refused: counters.refused,
      read: reader.read,
      joined: counters.joined,
      delivered: counters.delivered,
      deliveredBytes: counters.deliveredBytes,
      coalesced: counters.coalesced,
      replays: counters.replays,
      snapshots: { ...counters.snapshots },
      head: formatCursor(reader.epoch, reader.visible),
      ringEvents: reader.ring.size,
      ringBytes: reader.ring.bytes,
      resets: { ...counters.resets },
      goaways: { ...counters.goaways },
      failed: counters.failed,
      slowestLagMs: [...streams].reduce((most, stream) => Math.max(most, stream.lagMs(at)), 0),
      latency: counters.latency.read(),
      resume: counters.resume.read(),
      established: counters.established.read(),
      sequencing: options.sequencing?.() ?? false,
    };
  }

  return {
    async start() {
      unsubscribe = streaming?.onChange(applySwitch) ?? unsubscribe;
      await reader.start();
    },
    async stop() {
      unsubscribe();
      await drain();
      stopClock();
      await reader.stop();
    },
    open,
    turnAway,
    head(request) {
      const query = readFeedQuery(request);
      if ('issues' in query) return badRequest(query.issues);
      return new Response(null, { headers: streamHeaders('fresh') });
    },
    poll,
    pollHead(request) {
      const query = readFeedQuery(request);
      return 'issues' in query ? badRequest(query.issues) : jsonResponse(null);
    },
    recheck,
    drain,
    stats,
  };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const notNow = (what: string, cause?: unknown) =>
  new AppError('UNAVAILABLE', `${what} Try again in a moment.`, { retryAfterSeconds: 2, cause });

/** Streams opened per second are limited too; the limit is no reason for a status that ends an EventSource. */
async function mayOpen(ctx: Context, owner: string): Promise<boolean> {
  try {
    await ctx.app.limits.openStream(owner);
    return true;
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'RATE_LIMITED') return false;
    throw thrown;
  }
}
