import type { Database } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import { logger } from '../logger.ts';
import { findChanged, type Reader } from './still-allowed.ts';

/** Somebody who reads, with what to do when their rights are not what they were. */
export interface Watched {
  who: Reader;
  /** They may not read any more. */
  revoke(): void;
  /** They may read, with other rights. */
  review(): void;
}

/**
 * Looks at the rights of everybody who reads: one look at a time, and one more when somebody asked meanwhile, since the
 * look that is under way may have missed what they mean.
 */
export function createRightsCheck(db: Database, watched: () => readonly Watched[]): () => void {
  let looking = false;
  let again = false;

  async function look(): Promise<void> {
    const readers = watched();
    if (readers.length === 0) return;
    const changed = await findChanged(
      db,
      readers.map(({ who }) => who),
    );
    for (const reader of readers) {
      if (changed.get(reader.who) === null) reader.revoke();
      else if (changed.has(reader.who)) reader.review();
    }
  }

  return function recheck(): void {
    again = looking;
    if (looking) return;
    looking = true;
    look()
      .catch((thrown: unknown) => {
        logger.warn({ err: coerceError(thrown) }, 'the permissions of feed readers could not be checked');
      })
      .finally(() => {
        looking = false;
        if (again) recheck();
      });
  };
}
