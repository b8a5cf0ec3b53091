import { keptExternalId } from '#lib/contracts/outcome-form.ts';
import type { OutcomeView } from '#lib/contracts/outcome.ts';
import type { UnsentOutcome } from './unsent-outcome.ts';

/** One that was sent and that no delta has brought yet. */
export interface SentOutcome {
  id: string;
  entry: UnsentOutcome;
  /** Milliseconds since 1970. */
  at: number;
}

/** A row beside those of the server: it is in no figure. */
export interface OptimisticOutcome {
  key: string;
  entry: UnsentOutcome;
  /** `waiting` to be sent, `held` until a person looks at it, `sent` and not counted yet. */
  state: 'waiting' | 'held' | 'sent';
}

/**
 * What to show above the outcomes that the page has, newest first. One that is among them, by its id or its key, is
 * not shown a second time: the row that came is the truth.
 */
export function optimisticBeside(
  unsent: readonly UnsentOutcome[],
  sent: readonly SentOutcome[],
  shown: readonly Pick<OutcomeView, 'id' | 'externalId'>[],
): OptimisticOutcome[] {
  const known = new Set(shown.flatMap(({ id, externalId }) => (externalId === null ? id : [id, externalId])));
  const rows: OptimisticOutcome[] = [];
  const add = (entry: UnsentOutcome, state: OptimisticOutcome['state']) => {
    const key = keptExternalId(entry.values.once);
    if (known.has(key)) return;
    known.add(key);
    rows.push({ key, entry, state });
  };
  // Of one that another tab has just sent, its sending is the newer news.
  for (const { id, entry } of sent) if (!known.has(id)) add(entry, 'sent');
  for (const entry of unsent) add(entry, entry.trouble === null ? 'waiting' : 'held');
  return rows.sort((a, b) => b.entry.seq - a.entry.seq);
}
