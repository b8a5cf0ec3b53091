import type { Audience, Segment, Waiting } from './audience.ts';
import { formatCursor } from './cursor.ts';
import { jsonOf } from './encode.ts';
import type { StreamHost } from './stream.ts';
import type { Resume } from './resume.ts';

/**
 * One answer of the polling twin: what follows a position as JSON, the same events with the same cursors as the
 * stream. Waits up to `waitMs` for the next one when there is none yet.
 */
export async function answerPoll(
  host: StreamHost,
  options: { audience: Audience; resume: Resume; waitMs: number; leaving: Promise<void> },
): Promise<string> {
  const { audience, resume } = options;
  const { reader } = host;
  if (resume.kind === 'reset') {
    host.wasReset(resume.reason);
    const head = formatCursor(reader.epoch, reader.visible);
    const oldest = resume.oldest === null ? {} : { oldest: formatCursor(reader.epoch, resume.oldest) };
    return pollBody(host, head, reader.visible, [], { reason: resume.reason, head, ...oldest });
  }
  const from = formatCursor(reader.epoch, resume.from);
  const segment =
    (await next(host, audience, resume.from)) ?? (await arrival(audience, options.waitMs, options.leaving));
  host.delivered(segment?.events.length ?? 0);
  return pollBody(host, from, segment?.to ?? reader.visible, segment?.events.map(jsonOf) ?? []);
}

/** What is there already; null when everything up to now was seen. */
async function next(host: StreamHost, audience: Audience, start: number): Promise<Segment | null> {
  const { reader } = host;
  let from = start;
  while (from < reader.visible) {
    const segment = reader.ring.covers(from)
      ? audience.segment(reader.ring, from, reader.visible)
      : await host.replay(audience, from);
    if (segment.events.length > 0) return segment;
    from = segment.to;
  }
  return null;
}

function arrival(audience: Audience, waitMs: number, leaving: Promise<void>): Promise<Segment | null> {
  return new Promise((resolve) => {
    const waiting: Waiting = { deliver: finish };
    const timer = setTimeout(() => finish(null), waitMs);
    timer.unref();
    function finish(segment: Segment | null): void {
      clearTimeout(timer);
      audience.waiting.delete(waiting);
      resolve(segment);
    }
    audience.waiting.add(waiting);
    void leaving.then(() => finish(null));
  });
}

function pollBody(
  host: StreamHost,
  from: string,
  to: number,
  events: Buffer[],
  reset?: Record<string, unknown>,
): string {
  const { epoch } = host.reader;
  const tail = reset === undefined ? '' : `,"reset":${JSON.stringify(reset)}`;
  const list = events.map((json) => json.toString()).join(',');
  return `{"epoch":${JSON.stringify(epoch)},"from":"${from}","to":"${formatCursor(epoch, to)}","events":[${list}]${tail}}`;
}
