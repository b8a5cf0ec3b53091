import type { App } from '../../app.ts';
import { coerceError } from '../../errors.ts';
import { appendEvents } from '../../event-log/index.ts';
import { logger } from '../../logger.ts';
import { CheckOver, runSelfCheck } from './run-self-check.ts';
import { progressEvent, type SelfCheckRow } from './self-check-row.ts';

/** Doorbells make it immediate; the poll finds what they missed. */
const POLL_MS = 2_000;
/** The doorbell rings for every outcome recorded anywhere; looking so often is enough. */
const LOOK_GAP_MS = 250;
/** A check that nobody has touched for this long belongs to an instance that is gone. */
const GONE_S = 30;

export interface SelfCheckRunner {
  start(): void;
  /** Ends what runs here, as interrupted. */
  stop(): Promise<void>;
}

/** Works at self-checks in the background, one at a time on each instance. */
export function createSelfCheckRunner(app: App): SelfCheckRunner {
  let stopped = true;
  let running: Promise<void> | null = null;
  let lookedAt = -Infinity;
  let timer: NodeJS.Timeout | null = null;
  let stopListening: (() => void) | null = null;

  function look(): void {
    if (stopped || running !== null || performance.now() - lookedAt < LOOK_GAP_MS) return;
    lookedAt = performance.now();
    running = work()
      .catch((thrown: unknown) => {
        logger.warn({ err: coerceError(thrown) }, 'self-checks could not be worked at; they are tried again');
      })
      .finally(() => {
        running = null;
      });
  }

  async function work(): Promise<void> {
    await endGone();
    for (;;) {
      const check = stopped ? undefined : await claim();
      if (check === undefined) return;
      await runOne(check);
    }
  }

  async function claim(): Promise<SelfCheckRow | undefined> {
    const [row] = await app.db.sql<SelfCheckRow[]>`
      update self_checks set instance = ${app.instance}, updated_at = now()
      where id = (
        select id from self_checks where state = 'running' and instance is null
        order by created_at limit 1 for update skip locked
      ) returning *`;
    return row;
  }

  async function runOne(check: SelfCheckRow): Promise<void> {
    try {
      await runSelfCheck(app, check, () => stopped);
    } catch (thrown) {
      if (thrown instanceof CheckOver) {
        if (stopped) await end(check.id, 'interrupted', null);
        return;
      }
      logger.error({ err: coerceError(thrown), check: check.id }, 'a self-check failed');
      await end(check.id, 'failed', 'Something went wrong on our side; the log says what.');
    }
  }

  async function endGone(): Promise<void> {
    const gone = await app.db.sql<{ id: string }[]>`
      select id from self_checks
      where state = 'running' and instance is not null and updated_at < now() - make_interval(secs => ${GONE_S})`;
    for (const { id } of gone) await end(id, 'interrupted', null);
  }

  async function end(id: string, state: 'interrupted' | 'failed', error: string | null): Promise<void> {
    await app.db.sql.begin(async (tx) => {
      const [row] = await tx<SelfCheckRow[]>`
        update self_checks set state = ${state}, error = ${error}, finished_at = now(), updated_at = now()
        where id = ${id} and state = 'running' returning *`;
      if (row !== undefined) await appendEvents(tx, row.workspace_id, [progressEvent(row)]);
    });
    app.doorbell.ringFeed();
  }

  return {
    start() {
      if (!stopped) return;
      stopped = false;
      stopListening = app.doorbell.onFeed(look);
      timer = setInterval(look, POLL_MS);
      timer.unref();
      look();
    },
    async stop() {
      stopped = true;
      stopListening?.();
      if (timer !== null) clearInterval(timer);
      await running;
    },
  };
}
