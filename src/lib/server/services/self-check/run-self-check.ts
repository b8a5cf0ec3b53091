import type { App } from '../../app.ts';
import { appendEvents } from '../../event-log/index.ts';
import { progressEvent, type SelfCheckRow } from './self-check-row.ts';

/** The last outcomes that are shuffled, at most so many. */
export const MOST_SHUFFLED = 20_000;
const BEAT_MS = 5_000;
const TELL_MS = 1_000;

/** Not a fault: the check was cancelled, or the server stops. */
export class CheckOver extends Error {}

/**
 * Shuffles and folds until the check is done, writing down each shuffle. @throws CheckOver when it is not this
 * instance's any more, or `isStopped` says so
 */
export async function runSelfCheck(app: App, check: SelfCheckRow, isStopped: () => boolean): Promise<void> {
  const { insight } = await app.folds.of(check.workspace_id);
  const log = await insight.shuffledLog(MOST_SHUFFLED);
  if (log === null) throw new Error('There is no outcome to shuffle.');
  let mine = true;
  const beat = setInterval(() => {
    app.db.sql`update self_checks set updated_at = now() where ${isMine(app, check)}`.then(
      ({ count }) => {
        mine = count > 0;
      },
      // The database is away for a moment; the next write finds out.
      () => undefined,
    );
  }, BEAT_MS);
  const goOn = () => {
    if (!mine || isStopped()) throw new CheckOver();
  };
  let toldAt = -Infinity;
  try {
    for (let shuffle = check.done; shuffle < check.shuffles; shuffle += 1) {
      goOn();
      const started = performance.now();
      const { confirmed, emerged, outcomes } = await log.run(`${check.seed}:${shuffle}`, goOn);
      const last = shuffle + 1 === check.shuffles;
      const tells = last || performance.now() - toldAt >= TELL_MS;
      if (tells) toldAt = performance.now();
      const found = { confirmed, emerged, outcomes, position: log.position, ms: performance.now() - started };
      if (!(await write(app, check, found, last, tells))) throw new CheckOver();
    }
  } finally {
    clearInterval(beat);
  }
}

const isMine = ({ db, instance }: App, { id }: SelfCheckRow) =>
  db.sql`id = ${id} and state = 'running' and instance = ${instance}`;

interface Found {
  confirmed: number;
  emerged: number;
  outcomes: number;
  position: number;
  ms: number;
}

/** Writes a shuffle down. @returns false when the check is over already */
async function write(app: App, check: SelfCheckRow, found: Found, last: boolean, tells: boolean) {
  const written = await app.db.sql.begin(async (tx) => {
    const [row] = await tx<SelfCheckRow[]>`
      update self_checks
      set done = done + 1, confirmed_in = confirmed_in + ${found.confirmed > 0 ? 1 : 0},
          emerged = emerged + ${found.emerged}, outcomes = ${found.outcomes}, position = ${found.position},
          duration_ms = duration_ms + ${found.ms}, updated_at = now(),
          state = ${last ? 'done' : 'running'}, finished_at = case when ${last} then now() end
      where ${isMine(app, check)} returning *`;
    if (row !== undefined && tells) await appendEvents(tx, check.workspace_id, [progressEvent(row)]);
    return row !== undefined;
  });
  if (written && tells) app.doorbell.ringFeed();
  return written;
}
