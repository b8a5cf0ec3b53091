import type { Database } from '../db/client.ts';
import { AppError } from '../errors.ts';
import { readReach, type Reach } from '../event-log/index.ts';
import type { AudienceClass } from './audience-class.ts';
import type { Audience } from './audience.ts';
import type { FeedReader } from './reader.ts';
import { REPLAY_LIMITS } from './resume.ts';
import type { Slots } from './slots.ts';

/** How long a look is shared with those who come after: what happens meanwhile is in the ring. */
const KEEP_MS = 200;

/** `asOf`: what came after this place is not considered. */
export type KnownReach = Reach & { asOf: number };

/**
 * How far back the outbox can be replayed. One look serves everybody who reads the same rows of it, whatever their
 * cursors and chosen patterns, so that the thousands who come back after a restart cost as much as one. What has to be
 * read counts, not what is chosen of it.
 */
export class Reaches {
  readonly #db: Database;
  readonly #reader: FeedReader;
  readonly #slots: Slots;
  readonly #known = new Map<string, Promise<KnownReach>>();

  constructor(options: { db: Database; reader: FeedReader; slots: Slots }) {
    this.#db = options.db;
    this.#reader = options.reader;
    this.#slots = options.slots;
  }

  /** @throws AppError UNAVAILABLE when the ring has moved on so far that it does not join what was looked at */
  async of({ shared }: Audience): Promise<KnownReach> {
    const reach = await (this.#known.get(shared.rowsKey) ?? this.#look(shared));
    const { epoch, ring } = this.#reader;
    if (reach.epoch === epoch && ring.covers(reach.asOf)) return reach;
    throw new AppError('UNAVAILABLE', 'The feed is moving on too fast. Try again in a moment.', {
      retryAfterSeconds: 2,
    });
  }

  #look(shared: AudienceClass): Promise<KnownReach> {
    const looking = this.#slots.run(async () => {
      const asOf = this.#reader.visible;
      const range = { to: asOf, limit: REPLAY_LIMITS };
      return { ...(await readReach(this.#db.sql, shared.filter, range)), asOf };
    });
    const key = shared.rowsKey;
    this.#known.set(key, looking);
    const drop = () => {
      if (this.#known.get(key) === looking) this.#known.delete(key);
    };
    looking.then(() => setTimeout(drop, KEEP_MS).unref(), drop);
    return looking;
  }
}
