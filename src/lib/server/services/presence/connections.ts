import { randomUUID } from 'node:crypto';
import type { FeedReading } from '../../app.ts';

/** One row of `presence`: a stream, or all polls of one login. */
export interface Connection {
  readonly id: string;
  readonly workspaceId: string;
  readonly userId: string;
  readonly transport: 'stream' | 'poll';
  /** Readings of it that are open now. */
  open: number;
  /** When the last of them closed; milliseconds of performance.now(). */
  closedAt: number;
  /** The last sign of life that the table has, by the same clock. */
  writtenAt: number;
}

/** When it was last open; milliseconds of performance.now(). */
export const livedAt = ({ open, closedAt }: Connection, now: number): number => (open > 0 ? now : closedAt);

/** The connections of people to this instance, in memory; what the table is to say. */
export class Connections {
  readonly #byKey = new Map<unknown, Connection>();
  readonly #keys = new WeakMap<FeedReading, unknown>();

  /** API keys are nobody's presence. */
  opened(reading: FeedReading, transport: Connection['transport']): void {
    const { actor, workspaceId, sessionRowId } = reading;
    if (actor.type !== 'user') return;
    const key = transport === 'stream' ? reading : `${sessionRowId ?? actor.id} ${workspaceId}`;
    this.#keys.set(reading, key);
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.open += 1;
      return;
    }
    this.#byKey.set(key, {
      id: randomUUID(),
      workspaceId,
      userId: actor.id,
      transport,
      open: 1,
      closedAt: 0,
      writtenAt: Number.NEGATIVE_INFINITY,
    });
  }

  closed(reading: FeedReading, now: number): void {
    const connection = this.#byKey.get(this.#keys.get(reading));
    if (connection === undefined) return;
    connection.open -= 1;
    connection.closedAt = now;
  }

  all(): Connection[] {
    return [...this.#byKey.values()];
  }

  /** Takes out those that closed at `before` or earlier. */
  takeEnded(before: number): Connection[] {
    const ended: Connection[] = [];
    for (const [key, connection] of this.#byKey) {
      if (connection.open > 0 || connection.closedAt > before) continue;
      this.#byKey.delete(key);
      ended.push(connection);
    }
    return ended;
  }
}
