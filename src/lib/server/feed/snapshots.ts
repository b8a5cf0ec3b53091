import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FeedAudience, SnapshotFigures, SnapshotSource } from '../app.ts';
import { AppError } from '../errors.ts';
import { within } from '../event-log/index.ts';
import { encodeSnapshot, type Encoded, type EncodedSnapshot } from './encode-snapshot.ts';
import { isPersonal } from './rights.ts';
import { createSlots, type Slots } from './slots.ts';

/** Beyond what the figures are waited for; then the next who asks makes another one. */
const DEADLINE_MS = 10_000;
/** Snapshots read at the same time, whoever asks for what, so that connections are left for those who record. */
const READS_AT_ONCE = 4;

type Common = Parameters<SnapshotSource>[0];

/** What those have in common who may see the same, and what some of them chose. */
interface Entry extends Encoded {
  figures: SnapshotFigures | null;
  chosen: Map<string, Promise<EncodedSnapshot>>;
}

/**
 * Snapshots by who may see them, shared for a moment: after a restart or a long silence everybody asks at once, and
 * what comes after a snapshot follows as deltas anyway. Those who chose patterns share everything but these.
 */
export class Snapshots {
  readonly #source: SnapshotSource;
  readonly #keepMs: number;
  readonly #onBuilt: () => void;
  readonly #onFailed: (thrown: unknown) => void;
  readonly #entries = new Map<string, Promise<Entry>>();
  readonly #reads = createSlots(READS_AT_ONCE, DEADLINE_MS);
  /** Patterns of one choice at a time, and others' work in between. */
  readonly #choices = createSlots(1, DEADLINE_MS);

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
    const entry = await this.#entry(commonOf(audience), atLeast);
    return audience.patterns === null ? entry.snapshot : this.#chosen(entry, audience.patterns);
  }

  forget(): void {
    this.#entries.clear();
  }

  async #entry(audience: Common, atLeast: number): Promise<Entry> {
    const key = JSON.stringify([audience.workspaceId, audience.topics, audience.scopes]);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      const entry = await known;
      if (entry.snapshot.seq >= atLeast) return entry;
      if (this.#entries.get(key) === known) this.#entries.delete(key);
    }
    const entry = await (this.#entries.get(key) ?? this.#make(key, audience));
    if (entry.snapshot.seq >= atLeast) return entry;
    // Behind what was given out already: the database is another one, which the reader will notice.
    throw new AppError('UNAVAILABLE', 'The feed begins anew. Try again in a moment.', {
      retryAfterSeconds: 2,
    });
  }

  #make(key: string, audience: Common): Promise<Entry> {
    const making = within(DEADLINE_MS, this.#build(audience));
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

  async #build(audience: Common): Promise<Entry> {
    const { parts, figures, ...place } = await inTime(this.#reads, () => this.#source(audience));
    // Not in the slot: a fold that is on the way is waited for by its own workspace alone.
    const figured = (await figures?.parts()) ?? [];
    this.#onBuilt();
    return { ...encodeSnapshot(place, [...parts, ...figured]), figures, chosen: new Map() };
  }

  #chosen(entry: Entry, ids: readonly string[]): Promise<EncodedSnapshot> {
    const { snapshot, figures, exchange, chosen } = entry;
    if (figures === null || exchange === null) return Promise.resolve(snapshot);
    const key = ids.join();
    const known = chosen.get(key);
    if (known !== undefined) return known;
    const choose = async () => {
      await inTime(this.#choices, () => nextTurn());
      return exchange(await figures.chosen(ids));
    };
    const making = within(DEADLINE_MS, choose());
    chosen.set(key, making);
    making.catch((thrown: unknown) => {
      chosen.delete(key);
      this.#onFailed(thrown);
    });
    return making;
  }
}

/** What is for one person alone is not part of a snapshot, so that everybody of a workspace shares it. */
function commonOf({ workspaceId, topics, scopes }: FeedAudience): Common {
  const common = scopes.filter((scope) => !isPersonal(scope));
  return { workspaceId, topics: [...topics].sort(), scopes: common.sort() };
}

/** Runs the work in its turn, unless whoever asked has given up waiting by then. */
function inTime<Result>(slots: Slots, work: () => Promise<Result>): Promise<Result> {
  const until = performance.now() + DEADLINE_MS;
  return slots.run(() => {
    if (performance.now() >= until) throw new Error('Nobody waits for this any more.');
    return work();
  });
}
