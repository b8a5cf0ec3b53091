import type { FeedAudience } from '../app.ts';
import { Audience } from './audience.ts';

/** The audiences that anybody belongs to now. */
export class Audiences {
  readonly #byKey = new Map<string, Audience>();
  readonly #onJoined: (events: number) => void;

  constructor(onJoined: (events: number) => void) {
    this.#onJoined = onJoined;
  }

  all(): IterableIterator<Audience> {
    return this.#byKey.values();
  }

  join(filter: FeedAudience, compat: boolean): Audience {
    const key = Audience.keyOf(filter, compat);
    const audience = this.#byKey.get(key) ?? new Audience(filter, compat, this.#onJoined);
    this.#byKey.set(key, audience);
    audience.members += 1;
    return audience;
  }

  leave(audience: Audience): void {
    audience.members -= 1;
    if (audience.members === 0) this.#byKey.delete(Audience.keyOf(audience.filter, audience.compat));
  }
}
