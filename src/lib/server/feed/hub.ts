import type { Doorbell, Feed, FeedRequest, FeedStats } from '../app.ts';
import type { Context } from '../context.ts';
import type { Database } from '../db/client.ts';
import type { Env } from '../env.ts';
import { AppError, coerceError } from '../errors.ts';
import { readMatching, type ReadFilter } from '../event-log/index.ts';
import { logger } from '../logger.ts';
import { Audience, joined, type Segment } from './audience.ts';
import { formatCursor } from './cursor.ts';
import { encodeEvent } from './encode.ts';
import { answerPoll } from './poll.ts';
import { FeedReader } from './reader.ts';
import { readFeedQuery } from './request.ts';
import { badRequest, jsonResponse, streamHeaders } from './responses.ts';
import { decideResume, replayTrouble } from './resume.ts';
import { createSlots } from './slots.ts';
import { findChanged, type Reader } from './still-allowed.ts';
import { FeedStream, goawayFrame, type GoawayReason, type StreamHost } from './stream.ts';
import { FEED_TIMINGS, type FeedTimings } from './timings.ts';

const TICK_MS = 250;
/** Rows of one read of a replay; small, because a row may be tens of kilobytes. */
const REPLAY_ROWS = 64;
/** Replays that may read the outbox at the same time, so that a storm of reconnects leaves connections for others. */
const REPLAYS_AT_ONCE = 4;

export interface FeedHub extends Feed {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Everything that reads and streams the feed in this process. Events come from the outbox only. */
export function createFeedHub(options: {
  db: Database;
  doorbell: Doorbell;
  env: Pick<Env, 'TELLTALE_STREAMS' | 'TELLTALE_STREAMS_PER_KEY'>;
  now?: () => number;
  random?: () => number;
  timings?: Partial<FeedTimings>;
  /** Whether the sequencer of this instance leads; for the statistics. */
  sequencing?: () => boolean;
}): FeedHub {
  const { db, env } = options;
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  const timings: FeedTimings = { ...FEED_TIMINGS, ...options.timings };
  const audiences = new Map<string, Audience>();
  const streams = new Map<FeedStream, Reader>();
  const perOwner = new Map<string, number>();
  const resets: Record<string, number> = {};
  const replaySlots = createSlots(REPLAYS_AT_ONCE);
  /** Places for streams that are taken, of all owners. */
  let taken = 0;
  let delivered = 0;
  let draining = false;
  let clock: NodeJS.Timeout | null = null;
  let recheckAt = 0;
  let rechecking = false;
  let recheckAgain = false;
  let announceLeaving: () => void = () => undefined;
  const leaving = new Promise<void>((resolve) => {
    announceLeaving = resolve;
  });

  const reader = new FeedReader({
    db,
    doorbell: options.doorbell,
    timings,
    hooks: {
      onVisible(from, to) {
        for (const audience of audiences.values()) showNext(audience, from, to);
      },
      onEvent(event) {
        if (event.type === 'workspace.changed') recheck();
      },
      onLost(reason) {
        for (const audience of audiences.values()) audience.forget();
        for (const stream of streams.keys()) stream.lose(reason);
      },
    },
  });

  function showNext(audience: Audience, from: number, to: number): void {
    if (audience.waiting.size === 0) return;
    const segment = audience.segment(reader.ring, from, to);
    if (segment.events.length === 0) return;
    for (const waiting of [...audience.waiting]) waiting.deliver(segment);
  }

  const host: StreamHost = {
    reader,
    timings,
    now,
    random,
    replay: (audience, from) => replaySlots.run(() => readSegment(audience, from)),
    canReplay: async (audience, from) =>
      (await replaySlots.run(() => replayTrouble(db, reader, audience, from))) === null,
    delivered(events) {
      delivered += events;
    },
    wasReset(reason) {
      resets[reason] = (resets[reason] ?? 0) + 1;
    },
    left(stream) {
      if (!streams.delete(stream)) return;
      release(stream.owner);
      leaveAudience(stream.audience);
      if (streams.size === 0) stopClock();
    },
  };

  async function readSegment(audience: Audience, from: number): Promise<Segment> {
    const to = reader.visible;
    const { epoch } = reader;
    const rows = await readMatching(db.sql, audience.filter, { from, to, limit: REPLAY_ROWS });
    const last = rows.at(-1);
    const end = rows.length < REPLAY_ROWS || last === undefined ? to : last.seq;
    return joined(
      from,
      end,
      rows.map((row) => encodeEvent(epoch, row)),
      audience.compat,
    );
  }

  function joinAudience(filter: ReadFilter, compat: boolean): Audience {
    const key = Audience.keyOf(filter, compat);
    const audience = audiences.get(key) ?? new Audience(filter, compat);
    audiences.set(key, audience);
    audience.members += 1;
    return audience;
  }

  function leaveAudience(audience: Audience): void {
    audience.members -= 1;
    if (audience.members === 0) audiences.delete(Audience.keyOf(audience.filter, audience.compat));
  }

  /** Takes one of the owner's and the instance's places for a stream; false when there is none. */
  function reserve(owner: string): boolean {
    const own = perOwner.get(owner) ?? 0;
    if (own >= env.TELLTALE_STREAMS_PER_KEY || taken >= env.TELLTALE_STREAMS) return false;
    perOwner.set(owner, own + 1);
    taken += 1;
    return true;
  }

  function release(owner: string): void {
    taken -= 1;
    const own = (perOwner.get(owner) ?? 1) - 1;
    if (own > 0) perOwner.set(owner, own);
    else perOwner.delete(owner);
  }

  /** Overload is an answer of the protocol: to a browser any status but 200 means "never come back". */
  function turnAway(reason: GoawayReason): Response {
    return new Response(new Uint8Array(goawayFrame(reason, random)), { headers: streamHeaders('fresh') });
  }

  async function open(ctx: Context, request: FeedRequest): Promise<Response> {
    const query = readFeedQuery(request);
    if ('issues' in query) return badRequest(query.issues);
    if (draining) return turnAway('deploy');
    const owner = ownerOf(ctx);
    if (!(await mayOpen(ctx, owner)) || !reserve(owner)) return turnAway('too-many');
    const audience = joinAudience(filterOf(ctx, query.topics), query.compat);
    try {
      const resume = await decideResume(db, reader, audience, query.cursor, timings.futureMs);
      const stream = new FeedStream(host, { audience, owner, resume, topics: query.topics });
      streams.set(stream, readerOf(ctx, request));
      startClock();
      // The instance may have begun to close while the outbox was read.
      if (draining) stream.leave('deploy');
      return new Response(stream.body, { headers: streamHeaders(resume.kind) });
    } catch (thrown) {
      release(owner);
      leaveAudience(audience);
      throw thrown;
    }
  }

  async function poll(ctx: Context, request: FeedRequest): Promise<Response> {
    const query = readFeedQuery(request);
    if ('issues' in query) return badRequest(query.issues);
    const owner = ownerOf(ctx);
    // Unlike a stream, a poll can be told by its status: its client reads it.
    await ctx.app.limits.openStream(owner);
    if (!reserve(owner))
      throw new AppError('RATE_LIMITED', 'Too many readers of the feed.', { retryAfterSeconds: 10 });
    const audience = joinAudience(filterOf(ctx, query.topics), query.compat);
    try {
      const resume = await decideResume(db, reader, audience, query.cursor, timings.futureMs);
      return jsonResponse(await answerPoll(host, { audience, resume, waitMs: query.waitMs, leaving }));
    } finally {
      release(owner);
      leaveAudience(audience);
    }
  }

  function recheck(): void {
    if (rechecking) {
      recheckAgain = true;
      return;
    }
    rechecking = true;
    recheckAt = performance.now() + timings.recheckMs;
    closeChanged()
      .catch((thrown: unknown) => {
        logger.warn({ err: coerceError(thrown) }, 'the permissions of feed readers could not be checked');
      })
      .finally(() => {
        rechecking = false;
        if (!recheckAgain) return;
        recheckAgain = false;
        recheck();
      });
  }

  async function closeChanged(): Promise<void> {
    const open = [...streams];
    if (open.length === 0) return;
    const changed = await findChanged(
      db,
      open.map(([, who]) => who),
    );
    for (const [stream, who] of open) if (changed.has(who)) stream.leave('revoked');
  }

  function startClock(): void {
    if (clock !== null) return;
    recheckAt = performance.now() + timings.recheckMs;
    clock = setInterval(() => {
      const at = performance.now();
      for (const stream of [...streams.keys()]) stream.tick(at);
      if (at >= recheckAt) recheck();
    }, TICK_MS);
    clock.unref();
  }

  function stopClock(): void {
    if (clock !== null) clearInterval(clock);
    clock = null;
  }

  async function drain(): Promise<void> {
    draining = true;
    announceLeaving();
    const deadline = performance.now() + timings.goodbyeMs;
    for (const stream of [...streams.keys()]) stream.leave('deploy');
    while (streams.size > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const stream of [...streams.keys()]) stream.tick(Number.POSITIVE_INFINITY);
  }

  function stats(): FeedStats {
    return {
      streams: streams.size,
      read: reader.read,
      delivered,
      head: formatCursor(reader.epoch, reader.visible),
      ringEvents: reader.ring.size,
      ringBytes: reader.ring.bytes,
      resets: { ...resets },
      sequencing: options.sequencing?.() ?? false,
    };
  }

  return {
    start: () => reader.start(),
    async stop() {
      await drain();
      stopClock();
      await reader.stop();
    },
    open,
    head(request) {
      const query = readFeedQuery(request);
      if ('issues' in query) return badRequest(query.issues);
      return new Response(null, { headers: streamHeaders('fresh') });
    },
    poll,
    recheck,
    drain,
    stats,
  };
}

const ownerOf = (ctx: Context): string => `${ctx.actor.type} ${ctx.actor.id ?? ctx.actor.name}`;

const readerOf = (ctx: Context, request: FeedRequest): Reader => ({
  workspaceId: ctx.workspace.id,
  actor: ctx.actor,
  sessionRowId: ctx.actor.type === 'user' ? request.sessionRowId : null,
  permissions: ctx.permissions,
});

/** Events are for the workspace, for its admins, or for one person; looked at for old events and new ones alike. */
function filterOf(ctx: Context, topics: readonly string[]): ReadFilter {
  const scopes = ['workspace'];
  if (ctx.permissions.has('manage')) scopes.push('role:admin');
  if (ctx.actor.type === 'user') scopes.push(`user:${ctx.actor.id}`);
  return { workspaceId: ctx.workspace.id, topics, scopes };
}

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
