import type { FeedAudience } from '../app.ts';
import { AudienceClass } from './audience-class.ts';
import { Audience } from './audience.ts';
import { isPersonal } from './rights.ts';

/** The classes of readers that anybody belongs to now. */
export class Audiences {
  readonly #byKey = new Map<string, AudienceClass>();
  readonly #onJoined: (events: number) => void;

  constructor(onJoined: (events: number) => void) {
    this.#onJoined = onJoined;
  }

  all(): IterableIterator<AudienceClass> {
    return this.#byKey.values();
  }

  join(filter: FeedAudience, compat: boolean): Audience {
    const common = { ...filter, scopes: filter.scopes.filter((scope) => !isPersonal(scope)) };
    const key = AudienceClass.keyOf(common, compat);
    const shared = this.#byKey.get(key) ?? new AudienceClass(common, compat, this.#onJoined);
    this.#byKey.set(key, shared);
    shared.members += 1;
    return new Audience(shared, filter);
  }

  leave({ shared }: Audience): void {
    shared.members -= 1;
    if (shared.members === 0) this.#byKey.delete(AudienceClass.keyOf(shared.filter, shared.compat));
  }
}
