import type { Audience } from './audience.ts';
import type { FeedCounters } from './counters.ts';
import type { FeedReader } from './reader.ts';
import type { Segment } from './segment.ts';
import type { EncodedSnapshot } from './encode-snapshot.ts';
import type { FeedStream } from './stream.ts';
import type { FeedTimings } from './timings.ts';

/** What a stream or a poll needs of the hub. */
export interface StreamHost {
  readonly reader: FeedReader;
  readonly timings: FeedTimings;
  readonly counters: FeedCounters;
  now(): number;
  random(): number;
  /** Reads what fell out of the ring from the outbox: the next part after `from`, not beyond `limit`. */
  replay(audience: Audience, from: number, limit: number): Promise<Segment>;
  /** Whether what follows `from` can still be replayed. */
  canReplay(audience: Audience, from: number): Promise<boolean>;
  /** What there is of these topics, once this instance has come as far. @throws AppError UNAVAILABLE */
  snapshot(audience: Audience, topics: readonly string[]): Promise<EncodedSnapshot>;
  /** Looks at the reader's rights again; when they are others, puts the stream into the audience for them. */
  review(stream: FeedStream): Promise<'same' | 'changed' | 'revoked'>;
  /** Something of ours went wrong for one stream, which ends. */
  failed(thrown: unknown): void;
  left(stream: FeedStream): void;
}
