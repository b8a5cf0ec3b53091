import type { ResetReason } from '#lib/contracts/feed.ts';
import type { Audience } from './audience.ts';
import type { Waiting } from './audience-class.ts';
import { formatCursor } from './cursor.ts';
import { jsonOf } from './encode.ts';
import type { SnapshotWish } from './request.ts';
import { REPLAY_LIMITS, type Resume } from './resume.ts';
import type { Segment } from './segment.ts';
import type { EncodedSnapshot } from './encode-snapshot.ts';
import type { StreamHost } from './stream-host.ts';

export interface PollOptions {
  audience: Audience;
  resume: Resume;
  snapshot: SnapshotWish;
  waitMs: number;
  /** Aborted when the wait is to end: the server leaves, or the reader's rights changed. */
  ended: AbortSignal;
  streaming: boolean;
}

interface Answer {
  epoch: string;
  from: number;
  to: number;
  events: readonly Buffer[];
  reset?: { reason: ResetReason; oldest: number | null };
  snapshot?: EncodedSnapshot;
}

/**
 * One answer of the polling twin: what follows a position as JSON, the same events with the same cursors as the
 * stream. Waits up to `waitMs` for the next one when there is none yet.
 * @throws AppError UNAVAILABLE when a snapshot is due and cannot be made
 */
export async function answerPoll(host: StreamHost, options: PollOptions): Promise<string> {
  const answer = await answerOf(host, options);
  const { counters } = host;
  if (answer.reset !== undefined) counters.reset(answer.reset.reason);
  if (answer.snapshot !== undefined) counters.snapshots.sent += 1;
  const body = bodyOf(answer, options.streaming);
  counters.delivered += answer.events.length;
  counters.deliveredBytes += body.length;
  return body;
}

function bodyOf({ epoch, from, to, events, reset, snapshot }: Answer, streaming: boolean): string {
  const cursor = (seq: number) => formatCursor(epoch, seq);
  const oldest = reset === undefined || reset.oldest === null ? undefined : { oldest: cursor(reset.oldest) };
  const parts = [
    `"epoch":"${epoch}","from":"${cursor(from)}","to":"${cursor(to)}"`,
    `"events":[${events.join(',')}]`,
    `"streaming":${streaming}`,
  ];
  if (reset !== undefined)
    parts.push(`"reset":${JSON.stringify({ reason: reset.reason, head: cursor(to), ...oldest })}`);
  if (snapshot !== undefined) parts.push(`"snapshot":[${snapshot.chunks.join(',')}]`);
  return `{${parts.join(',')}}`;
}

async function answerOf(host: StreamHost, options: PollOptions): Promise<Answer> {
  const { audience, resume, snapshot: wish } = options;
  const { reader } = host;
  const wanted = resume.kind === 'reset' ? wish.afterReset : wish.atStart.length > 0;
  if (!wanted) {
    if (resume.kind !== 'reset') return whatFollows(host, options, resume.from);
    const { epoch, visible } = reader;
    return { epoch, from: visible, to: visible, events: [], reset: resume };
  }
  const topics = resume.kind === 'reset' ? audience.filter.topics : wish.atStart;
  const snapshot = await host.snapshot(audience, topics);
  const { epoch, seq } = snapshot;
  if (resume.kind === 'reset') return { epoch, from: seq, to: seq, events: [], reset: resume, snapshot };
  // Without a cursor nothing was missed; with one, what came since is told as well as what it led to.
  if (resume.kind === 'fresh') return { epoch, from: seq, to: seq, events: [], snapshot };
  const { events, to } = await collect(host, audience, resume.from, seq);
  return { epoch, from: resume.from, to, events, ...(to === seq ? { snapshot } : {}) };
}

async function whatFollows(
  host: StreamHost,
  { audience, waitMs, ended }: PollOptions,
  from: number,
): Promise<Answer> {
  const { reader } = host;
  const { epoch } = reader;
  let page = await collect(host, audience, from, reader.visible);
  while (page.events.length === 0 && page.to < reader.visible && epoch === reader.epoch && !ended.aborted)
    page = await collect(host, audience, page.to, reader.visible);
  // Read by rights that may have ended before what was read.
  if (ended.aborted) return { epoch, from, to: from, events: [] };
  if (page.events.length > 0 || epoch !== reader.epoch) return { epoch, from, ...page };
  const came = await arrival(audience, waitMs, ended);
  if (came !== null) return { epoch, from, to: came.to, events: came.events.map(jsonOf) };
  // Ended early: what came since may not be for this reader any more, or be of another history.
  return { epoch, from, to: ended.aborted ? page.to : reader.visible, events: [] };
}

/** What is there already after `start`, up to `limit` and within the size of an answer. */
async function collect(
  host: StreamHost,
  audience: Audience,
  start: number,
  limit: number,
): Promise<{ events: Buffer[]; to: number }> {
  const { reader } = host;
  const events: Buffer[] = [];
  let bytes = 0;
  let from = start;
  while (from < limit && events.length < REPLAY_LIMITS.events && bytes < REPLAY_LIMITS.bytes) {
    const segment = reader.ring.covers(from)
      ? audience.segment(reader.ring, from, limit)
      : await host.replay(audience, from, limit);
    for (const event of segment.events) {
      events.push(jsonOf(event));
      bytes += event.frame.length;
    }
    if (segment.to === from) break;
    from = segment.to;
  }
  return { events, to: from };
}

function arrival(audience: Audience, waitMs: number, ended: AbortSignal): Promise<Segment | null> {
  return new Promise((resolve) => {
    const waiting: Waiting = { deliver: finish };
    const timer = setTimeout(() => finish(null), waitMs);
    timer.unref();
    const onEnd = () => finish(null);
    function finish(segment: Segment | null): void {
      clearTimeout(timer);
      ended.removeEventListener('abort', onEnd);
      audience.stopWaiting(waiting);
      resolve(segment);
    }
    audience.wait(waiting);
    if (ended.aborted) finish(null);
    else ended.addEventListener('abort', onEnd);
  });
}
