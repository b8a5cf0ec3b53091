import type { FeedSnapshot, SnapshotPart } from '../app.ts';
import { TOPIC_OF, type FeedType } from '#lib/contracts/feed.ts';
import { formatCursor } from './cursor.ts';
import { toLine } from './encode.ts';
import { placeFrame } from './frames.ts';

const CHUNK_BYTES = 64 * 1024;
/** Room for topic, type, part and the brackets of a chunk, or the names and brackets of an item. */
const ENVELOPE_BYTES = 160;
const PATTERNS = 'pattern.updated' satisfies FeedType;

/** A snapshot as it goes over the wire, made once for everybody who gets it. */
export interface EncodedSnapshot {
  epoch: string;
  seq: number;
  /** The data of each chunk, JSON on one line. */
  chunks: readonly string[];
  /** In one piece or more: the frames of the chunks and the `live` that ends them; only `live` has an id. */
  frames: readonly Buffer[];
}

/** The snapshot, and the way to those that differ from it by their patterns; null where it has none. */
export interface Encoded {
  snapshot: EncodedSnapshot;
  /** Copies nothing of what is the same. `part` null: without patterns. */
  exchange: ((part: SnapshotPart | null) => EncodedSnapshot) | null;
}

export function encodeSnapshot(
  { epoch, seq }: Pick<FeedSnapshot, 'epoch' | 'seq'>,
  parts: readonly SnapshotPart[],
): Encoded {
  const found = parts.findIndex(({ type }) => type === PATTERNS);
  const at = found < 0 ? parts.length : found;
  const before = parts.slice(0, at).flatMap(chunksOf);
  const patterns = parts.slice(at, at + 1).flatMap(chunksOf);
  const after = parts.slice(at + 1).flatMap(chunksOf);
  const first = framesOf(before);
  const last = Buffer.concat([...framesOf(after), placeFrame('live', formatCursor(epoch, seq))]);
  const whole = Buffer.concat([...first, ...framesOf(patterns), last]);
  const snapshot = { epoch, seq, chunks: [...before, ...patterns, ...after], frames: [whole] };
  if (patterns.length === 0) return { snapshot, exchange: null };
  const head = whole.subarray(
    0,
    first.reduce((sum, { length }) => sum + length, 0),
  );
  const tail = whole.subarray(whole.length - last.length);
  return {
    snapshot,
    exchange(part) {
      const own = part === null ? [] : chunksOf(part);
      return {
        epoch,
        seq,
        chunks: [...before, ...own, ...after],
        frames: [head, ...framesOf(own), tail].filter(({ length }) => length > 0),
      };
    },
  };
}

const framesOf = (chunks: readonly string[]): Buffer[] =>
  chunks.map((data) => Buffer.from(`event: snapshot\ndata: ${data}\n\n`));

/** Items in chunks of at most 64 KB; a larger item has a chunk of its own. */
function chunksOf(part: SnapshotPart): string[] {
  const { type } = part;
  const topic = TOPIC_OF[type];
  const groups = grouped(itemsOf(part), CHUNK_BYTES - ENVELOPE_BYTES);
  return groups.map(
    (group, index) =>
      `{"topic":"${topic}","type":"${type}","part":${index + 1},"of":${groups.length},"items":[${group.join(',')}]}`,
  );
}

/** JSON of the items. More patterns than a chunk has room for are several, each with all leaders: applied, they are one. */
function itemsOf(part: SnapshotPart): string[] {
  if (part.type !== PATTERNS) return part.items.map(toLine);
  return part.items.flatMap(({ value: { items, ...figures }, ...item }) => {
    const head = toLine({ ...item, value: figures }).slice(0, -2);
    const room = CHUNK_BYTES - 2 * ENVELOPE_BYTES - Buffer.byteLength(head);
    const groups = grouped(items.map(toLine), room);
    return (groups.length === 0 ? [[]] : groups).map((group) => `${head},"items":[${group.join(',')}]}}`);
  });
}

/** In their order, as many together as come to at most so many bytes; a larger one is alone. */
function grouped(jsons: readonly string[], most: number): string[][] {
  const groups: string[][] = [];
  let room = 0;
  for (const json of jsons) {
    const bytes = Buffer.byteLength(json) + 1;
    const group = groups.at(-1);
    if (group === undefined || bytes > room) {
      groups.push([json]);
      room = most - bytes;
    } else {
      group.push(json);
      room -= bytes;
    }
  }
  return groups;
}
