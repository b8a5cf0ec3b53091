import type { FeedType, FeedValues } from '#lib/contracts/feed.ts';
import { encodeCoalesced, jsonOf, type EncodedEvent } from './encode.ts';

type Patterns = FeedValues['pattern.updated'];
type Metrics = FeedValues['metrics.updated'];

/** Positions of outcomes that a coalesced `metrics` delta names at most; the newest. */
const MOST_COUNTED = 500;

/** Deltas that list only what changed, so that the newest alone would lose what the others list. */
const MERGE: Partial<Record<FeedType, (events: readonly EncodedEvent[]) => unknown>> = {
  'pattern.updated': mergePatterns,
  'metrics.updated': mergeMetrics,
};
const mergeOf = new Map(Object.entries(MERGE));

/**
 * The same news in fewer deltas, for a reader that is behind: of each key one, under the place of its last change.
 * Order of places is kept and an event stands only for earlier ones of no higher revision, so a reader may be cut
 * anywhere and go on from there. One that came after a higher revision of its key stays as it is; readers drop it.
 */
export function coalesce(epoch: string, events: readonly EncodedEvent[]): EncodedEvent[] {
  const groups = new Map<string, EncodedEvent[]>();
  const late: EncodedEvent[] = [];
  for (const event of events) {
    const key = `${event.topic}\0${event.key}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [event]);
    else if (event.rev >= (group.at(-1)?.rev ?? event.rev)) group.push(event);
    else late.push(event);
  }
  const folded = [...groups.values()].map((group) => foldGroup(epoch, group));
  return [...folded, ...late].sort((a, b) => a.seq - b.seq);
}

function foldGroup(epoch: string, group: readonly EncodedEvent[]): EncodedEvent {
  const [first] = group;
  const last = group.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('coalesce requires at least one event');
  if (group.length === 1) return first;
  const merge = mergeOf.get(last.type);
  const folded = { from: first.seq, count: group.length };
  return encodeCoalesced(epoch, last, merge === undefined ? folded : { ...folded, value: merge(group) });
}

const valuesOf = <Value>(events: readonly EncodedEvent[]): Value[] =>
  events.map((event) => (JSON.parse(jsonOf(event).toString()) as { value: Value }).value);

/** The order and totals of the last; of each pattern listed anywhere its last view. */
function mergePatterns(events: readonly EncodedEvent[]): unknown {
  const values = valuesOf<Patterns>(events);
  const items = new Map<string, Patterns['items'][number]>();
  for (const item of values.flatMap((value) => value.items)) {
    const key = item.id ?? item.label;
    items.delete(key);
    items.set(key, item);
  }
  return { ...values.at(-1), items: [...items.values()] };
}

/** The figures of the last; the positions of the newest outcomes counted by any. */
function mergeMetrics(events: readonly EncodedEvent[]): unknown {
  const values = valuesOf<Metrics>(events);
  const counted = values.flatMap((value) => value.counted ?? []).slice(-MOST_COUNTED);
  return counted.length === 0 ? values.at(-1) : { ...values.at(-1), counted };
}
