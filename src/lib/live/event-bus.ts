import type { Delta, FeedType, FeedValues } from '#lib/contracts/feed.ts';
import { callSafely } from './environment.ts';

/** One hearing; the same handler may hear twice, each with an end of its own. */
interface Hearing {
  handler: unknown;
  call(delta: Delta): void;
}

/** Keys whose newest revision is remembered; two versions that cross are always close to each other. */
const REMEMBERED_KEYS = 2_000;

/** Hands deltas to those who listen for their type, leaving out versions older than one handed out before. */
export class EventBus {
  readonly #handlers = new Map<string, Set<Hearing>>();
  readonly #anyHandlers = new Set<(delta: Delta) => void>();
  readonly #revisions = new Map<string, number>();

  on<T extends FeedType>(type: T, handler: (value: FeedValues[T], delta: Delta) => void): () => void {
    const handlers = this.#handlers.get(type) ?? new Set<Hearing>();
    this.#handlers.set(type, handlers);
    // The contract of the feed: a delta's value is that of its type.
    const own: Hearing = { handler, call: (delta) => handler(delta.value as FeedValues[T], delta) };
    handlers.add(own);
    return () => handlers.delete(own);
  }

  /** Stops every hearing of this handler for this type. */
  off<T extends FeedType>(type: T, handler: (value: FeedValues[T], delta: Delta) => void): void {
    const handlers = this.#handlers.get(type);
    for (const own of handlers ?? []) if (own.handler === handler) handlers?.delete(own);
  }

  onAny(handler: (delta: Delta) => void): () => void {
    const own = (delta: Delta) => handler(delta);
    this.#anyHandlers.add(own);
    return () => this.#anyHandlers.delete(own);
  }

  /** Returns false for a delta that is out of date and was given to nobody. */
  dispatch(delta: Delta): boolean {
    if (this.#isOutdated(delta)) return false;
    for (const hearing of this.#handlers.get(delta.type) ?? []) callSafely(() => hearing.call(delta));
    for (const handler of this.#anyHandlers) callSafely(() => handler(delta));
    return true;
  }

  /** Another history begins; its revisions have nothing to do with those seen. */
  forget(): void {
    this.#revisions.clear();
  }

  /** Two changes of one thing that were saved at the same time may come in either order; the revision decides. */
  #isOutdated(delta: Delta): boolean {
    const key = `${delta.topic} ${delta.key}`;
    const known = this.#revisions.get(key);
    if (known !== undefined && delta.rev < known) return true;
    this.#revisions.delete(key);
    this.#revisions.set(key, delta.rev);
    if (this.#revisions.size > REMEMBERED_KEYS) {
      const oldest = this.#revisions.keys().next();
      if (oldest.done !== true) this.#revisions.delete(oldest.value);
    }
    return false;
  }
}
