import type { FeedType } from '#lib/contracts/feed.ts';
import { encodeCoalesced, jsonOf, type EncodedEvent } from './encode.ts';

/** Deltas that list what changed, so that the newest of a key does not say what the earlier ones list; the field. */
const LISTS: Partial<Record<FeedType, string>> = {
  'pattern.updated': 'items',
  'metrics.updated': 'counted',
  'outcome.recorded': 'items',
  'journey.closed': 'items',
};
const listOf = new Map(Object.entries(LISTS));

interface Entry {
  id: string | null;
  label?: string;
}
type Listing = Record<string, readonly Entry[] | undefined>;
const nameOf = ({ id, label }: Entry): string => id ?? label ?? '';

/** What the deltas of a stretch come to: one event with the earlier ones of its key that it stands for. */
export interface Fold {
  event: EncodedEvent;
  /** Place of the first change in it, and how many there are. */
  from: number;
  count: number;
  /** Of a list, the entries that no later event repeats; null for all of it. */
  rest: ReadonlySet<string> | null;
}

/**
 * The same news in fewer deltas, for a reader that is behind: an event is left out where a later one of its key, of no
 * lower revision, says all of it, and of a list what a later one lists again. So everything is told at the place where
 * it was last said, and a reader may be cut anywhere and go on from there. An event that came after a higher revision
 * of its key stays as it is; readers drop it. Lists come in the order of their revisions.
 */
export function foldEvents(events: readonly EncodedEvent[]): Fold[] {
  const chains = new Map<string, EncodedEvent[]>();
  const late: EncodedEvent[] = [];
  for (const event of events) {
    const key = `${event.topic}\0${event.key}`;
    const chain = chains.get(key);
    if (chain === undefined) chains.set(key, [event]);
    else if (event.rev >= (chain.at(-1)?.rev ?? event.rev)) chain.push(event);
    else late.push(event);
  }
  const folds = [...[...chains.values()].flatMap(foldChain), ...late.map(alone)];
  return folds.sort((a, b) => a.event.seq - b.event.seq);
}

/** A fold as it goes over the wire. */
export function encodeFold(epoch: string, { event, from, count, rest }: Fold): EncodedEvent {
  if (count === 1 && rest === null) return event;
  if (rest === null) return encodeCoalesced(epoch, event, { from, count });
  const field = listOf.get(event.type) ?? '';
  const value = valueOf(event);
  const entries = value[field]?.filter((entry) => rest.has(nameOf(entry)));
  return encodeCoalesced(epoch, event, { from, count, value: { ...value, [field]: entries } });
}

const alone = (event: EncodedEvent): Fold => ({ event, from: event.seq, count: 1, rest: null });

/** Changes of one key whose revisions do not fall; looked at from the last to the first. */
function foldChain(chain: readonly EncodedEvent[]): Fold[] {
  if (chain.length === 1) return chain.map(alone);
  const folds: Fold[] = [];
  const told = new Set<string>();
  for (const event of chain.toReversed()) {
    const names = namesIn(event);
    const rest = names.filter((name) => !told.has(name));
    for (const name of rest) told.add(name);
    const later = folds.at(-1);
    if (later !== undefined && rest.length === 0) {
      later.from = event.seq;
      later.count += 1;
    } else {
      folds.push({ ...alone(event), rest: rest.length === names.length ? null : new Set(rest) });
    }
  }
  return folds;
}

const valueOf = (event: EncodedEvent): Listing =>
  (JSON.parse(jsonOf(event).toString()) as { value: Listing }).value;

/** Read once for each event, however many readers are behind and however often they come by. */
const knownNames = new WeakMap<EncodedEvent, readonly string[]>();

/** Spares the reading of an event whose entries are known. */
export function knowNames(event: EncodedEvent, names: readonly string[]): void {
  knownNames.set(event, names);
}

function namesIn(event: EncodedEvent): readonly string[] {
  const field = listOf.get(event.type);
  if (field === undefined) return [];
  const known = knownNames.get(event) ?? [...new Set(valueOf(event)[field]?.map(nameOf))];
  knownNames.set(event, known);
  return known;
}
