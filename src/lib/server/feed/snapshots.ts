import type { FeedAudience, SnapshotPart, SnapshotSource } from '../app.ts';
import { TOPIC_OF } from '#lib/contracts/feed.ts';
import { AppError } from '../errors.ts';
import { within } from '../event-log/index.ts';
import { formatCursor } from './cursor.ts';
import { toLine } from './encode.ts';
import { placeFrame } from './frames.ts';
import { isPersonal } from './rights.ts';

const CHUNK_BYTES = 64 * 1024;
/** Beyond what the figures are waited for; then the next who asks makes another one. */
const DEADLINE_MS = 10_000;
/** Room for topic, type, part and the brackets of a chunk. */
const ENVELOPE_BYTES = 160;

/** A snapshot as it goes over the wire, made once for everybody who gets it. */
export interface EncodedSnapshot {
  epoch: string;
  seq: number;
  /** The data of each chunk, JSON on one line. */
  chunks: readonly string[];
  /** The frames of the chunks and the `live` that ends them; only `live` has an id. */
  frames: Buffer;
}

/**
 * Snapshots by who may see them, shared for a moment: after a restart or a long silence everybody asks at once, and
 * what comes after a snapshot follows as deltas anyway.
 */
export class Snapshots {
  readonly #source: SnapshotSource;
  readonly #keepMs: number;
  readonly #onBuilt: () => void;
  readonly #onFailed: (thrown: unknown) => void;
  readonly #entries = new Map<string, Promise<EncodedSnapshot>>();

  /** `keepMs`: how long one is shared when nothing has come since. */
  constructor(options: {
    source: SnapshotSource;
    keepMs: number;
    onBuilt: () => void;
    onFailed: (thrown: unknown) => void;
  }) {
    this.#source = options.source;
    this.#keepMs = options.keepMs;
    this.#onBuilt = options.onBuilt;
    this.#onFailed = options.onFailed;
  }

  /**
   * One as of the place `atLeast` or later, so that it has everything that was told before it.
   * @throws AppError UNAVAILABLE when it cannot be made now
   */
  async get(audience: FeedAudience, atLeast: number): Promise<EncodedSnapshot> {
    const shown = shared(audience);
    const key = JSON.stringify([shown.workspaceId, shown.topics, shown.scopes, shown.patterns]);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      const snapshot = await known;
      if (snapshot.seq >= atLeast) return snapshot;
      if (this.#entries.get(key) === known) this.#entries.delete(key);
    }
    const snapshot = await (this.#entries.get(key) ?? this.#make(key, shown));
    if (snapshot.seq >= atLeast) return snapshot;
    // Behind what was given out already: the database is another one, which the reader will notice.
    throw new AppError('UNAVAILABLE', 'The feed begins anew. Try again in a moment.', {
      retryAfterSeconds: 2,
    });
  }

  forget(): void {
    this.#entries.clear();
  }

  #make(key: string, audience: FeedAudience): Promise<EncodedSnapshot> {
    const making = this.#build(audience);
    this.#entries.set(key, making);
    const drop = () => {
      if (this.#entries.get(key) === making) this.#entries.delete(key);
    };
    making.then(
      () => setTimeout(drop, this.#keepMs).unref(),
      (thrown: unknown) => {
        drop();
        this.#onFailed(thrown);
      },
    );
    return making;
  }

  async #build(audience: FeedAudience): Promise<EncodedSnapshot> {
    const { epoch, seq, parts } = await within(DEADLINE_MS, this.#source(audience));
    this.#onBuilt();
    const chunks = parts.flatMap(chunksOf);
    const c = formatCursor(epoch, seq);
    const frames = Buffer.concat([
      ...chunks.map((data) => Buffer.from(`event: snapshot\ndata: ${data}\n\n`)),
      placeFrame('live', c),
    ]);
    return { epoch, seq, chunks, frames };
  }
}

/** What is for one person alone is not part of a snapshot, so that everybody of a workspace shares it. */
function shared({ workspaceId, topics, scopes, patterns }: FeedAudience): FeedAudience {
  const common = scopes.filter((scope) => !isPersonal(scope));
  const chosen = topics.includes(TOPIC_OF['pattern.updated']) ? patterns : null;
  return { workspaceId, topics: [...topics].sort(), scopes: common.sort(), patterns: chosen };
}

/** Items in chunks of at most 64 KB; a larger item has a chunk of its own. */
function chunksOf({ type, items }: SnapshotPart): string[] {
  const groups: string[][] = [];
  let room = 0;
  for (const item of items) {
    const json = toLine(item);
    const bytes = Buffer.byteLength(json) + 1;
    const group = groups.at(-1);
    if (group === undefined || bytes > room) {
      groups.push([json]);
      room = CHUNK_BYTES - ENVELOPE_BYTES - bytes;
    } else {
      group.push(json);
      room -= bytes;
    }
  }
  const topic = TOPIC_OF[type];
  return groups.map(
    (group, index) =>
      `{"topic":"${topic}","type":"${type}","part":${index + 1},"of":${groups.length},"items":[${group.join(',')}]}`,
  );
}
