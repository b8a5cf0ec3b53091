import type { Database } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import { within } from '../event-log/index.ts';
import { logger } from '../logger.ts';
import { READ_DEADLINE_MS } from './reader.ts';
import { findChanged, type Reader } from './still-allowed.ts';

const RETRY_MS = 1_000;

/** Somebody who reads, with what to do when their rights are not what they were. */
export interface Watched {
  who: Reader;
  /** They may not read any more. */
  revoke(): void;
  /** They may read, with other rights. */
  review(): void;
}

/** Whose rights: of a person or of everybody in a workspace, by id; null: of everybody. */
export type Whose = string | null;

export const concerns = (whose: ReadonlySet<Whose>, { actor, workspaceId }: Reader): boolean =>
  whose.has(null) || whose.has(workspaceId) || (actor.id !== null && whose.has(actor.id));

/**
 * Looks at the rights of those who read: one look at a time, and another for those who were asked about meanwhile, since
 * the look that is under way may have missed what is meant. One that fails or hangs is tried again.
 */
export function createRightsCheck(db: Database, watched: () => readonly Watched[]): (whose: Whose) => void {
  let asked = new Set<Whose>();
  let looking = false;

  async function look(whose: ReadonlySet<Whose>): Promise<void> {
    const readers = watched().filter(({ who }) => concerns(whose, who));
    if (readers.length === 0) return;
    const found = findChanged(
      db,
      readers.map(({ who }) => who),
    );
    const changed = await within(READ_DEADLINE_MS, found);
    for (const reader of readers) {
      if (changed.get(reader.who) === null) reader.revoke();
      else if (changed.has(reader.who)) reader.review();
    }
  }

  async function lookOn(): Promise<void> {
    looking = true;
    while (asked.size > 0) {
      const whose = asked;
      asked = new Set();
      try {
        await look(whose);
      } catch (thrown) {
        logger.warn({ err: coerceError(thrown) }, 'the permissions of feed readers could not be checked');
        for (const one of whose) asked.add(one);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
    looking = false;
  }

  return function recheck(whose) {
    asked.add(whose);
    if (!looking) void lookOn();
  };
}
