import type { FeedType } from '#lib/contracts/feed.ts';
import type { SequencedEvent } from '../event-log/index.ts';
import { formatCursor } from './cursor.ts';

/** An event as it goes over the wire; encoded once per process, whoever reads it. */
export interface EncodedEvent {
  seq: number;
  workspaceId: string;
  topic: string;
  type: string;
  key: string;
  rev: number;
  scope: string;
  /** Milliseconds since 1970 when it got its place. */
  t: number;
  /** `id:`, `event: delta` and `data:` with the empty line that ends them. */
  frame: Buffer;
  /** Where in `frame` the name of the event begins, and where its JSON does. */
  nameAt: number;
  jsonAt: number;
}

/** Line ends to some readers, though not to the specification (Python's `str.splitlines`). Only found inside strings. */
const LINE_LIKE = /[\u007f-\u009f\u2028\u2029]/g;
const escapeLineLike = (json: string): string =>
  json.replace(LINE_LIKE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** JSON on one line for every kind of reader. */
export const toLine = (value: unknown): string => escapeLineLike(JSON.stringify(value));

const DELTA = 'delta';

export function encodeEvent(epoch: string, event: SequencedEvent): EncodedEvent {
  const cursor = formatCursor(epoch, event.seq);
  const head = {
    c: cursor,
    t: event.t,
    topic: event.topic,
    type: event.type,
    op: event.op,
    key: event.key,
    rev: event.rev,
  };
  // PostgreSQL writes jsonb as JSON on one line, so the payload is spliced in without reading it.
  const json = `${toLine(head).slice(0, -1)},"value":${escapeLineLike(event.payload)}}`;
  return {
    seq: event.seq,
    workspaceId: event.workspaceId,
    topic: event.topic,
    type: event.type,
    key: event.key,
    rev: event.rev,
    scope: event.scope,
    t: event.t,
    ...frameDelta(cursor, json),
  };
}

/** The JSON of a delta without its frame. */
export const jsonOf = (event: EncodedEvent): Buffer =>
  event.frame.subarray(event.jsonAt, event.frame.length - 2);

/** The last of several deltas of one key, saying that it stands for them. `value` replaces what it carries. */
export function encodeCoalesced(
  epoch: string,
  last: EncodedEvent,
  folded: { from: number; count: number; value?: unknown },
): EncodedEvent {
  const delta = JSON.parse(jsonOf(last).toString()) as Record<string, unknown>;
  const { from, count: coalesced } = folded;
  const value = 'value' in folded ? folded.value : delta['value'];
  return saying(last, formatCursor(epoch, last.seq), toLine({ ...delta, value, from, coalesced }));
}

/** The event with another delta in its place, given as JSON on one line. */
export const saying = (event: EncodedEvent, cursor: string, json: string): EncodedEvent => ({
  ...event,
  ...frameDelta(cursor, json),
});

function frameDelta(cursor: string, json: string): Pick<EncodedEvent, 'frame' | 'nameAt' | 'jsonAt'> {
  const beforeName = `id: ${cursor}\nevent: `;
  const beforeJson = `${beforeName}${DELTA}\ndata: `;
  return {
    frame: Buffer.from(`${beforeJson}${json}\n\n`),
    nameAt: beforeName.length,
    jsonAt: beforeJson.length,
  };
}

/** The names of the first draft of this product, for `?compat=1`; everything else stays `delta`. */
const COMPAT_NAMES: Partial<Record<FeedType, string>> = {
  'outcome.recorded': 'outcome_recorded',
  'pattern.updated': 'pattern_update',
  'metrics.updated': 'conversion_update',
  'system.maintenance': 'system:maintenance',
  'system.error': 'system:error',
  'user.logged_in': 'user:login',
  'user.logged_out': 'user:logout',
  'user.acted': 'user:activity',
  'collection.created': 'collection:created',
  'collection.updated': 'collection:updated',
  'collection.deleted': 'collection:deleted',
};
const compatNames = new Map<string, Buffer>(
  Object.entries(COMPAT_NAMES).map(([type, name]) => [type, Buffer.from(name)]),
);

/** The same frame under the event's old name. Nothing but the name differs. */
export function compatParts(event: EncodedEvent): Buffer[] {
  const name = compatNames.get(event.type);
  if (name === undefined) return [event.frame];
  return [event.frame.subarray(0, event.nameAt), name, event.frame.subarray(event.nameAt + DELTA.length)];
}

/** A frame of the protocol itself. `retry` in milliseconds. */
export function controlFrame(frame: {
  event: 'hello' | 'reset' | 'snapshot' | 'live' | 'cursor' | 'goaway';
  data: Record<string, unknown>;
  id?: string;
  retry?: number;
}): Buffer {
  const retry = frame.retry === undefined ? '' : `retry: ${frame.retry}\n`;
  const id = frame.id === undefined ? '' : `id: ${frame.id}\n`;
  return Buffer.from(`${retry}${id}event: ${frame.event}\ndata: ${toLine(frame.data)}\n\n`);
}
