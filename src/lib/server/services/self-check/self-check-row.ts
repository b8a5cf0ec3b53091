import type { SelfCheckView } from '#lib/contracts/self-check.ts';

export interface SelfCheckRow {
  id: string;
  workspace_id: string;
  state: SelfCheckView['state'];
  created_by: string;
  instance: string | null;
  seed: number;
  shuffles: number;
  done: number;
  confirmed_in: number;
  emerged: number;
  outcomes: number;
  position: number;
  duration_ms: number;
  error: string | null;
  created_at: Date;
  updated_at: Date;
  finished_at: Date | null;
}

export function toSelfCheckView(row: SelfCheckRow): SelfCheckView {
  return {
    id: row.id,
    state: row.state,
    shuffles: row.shuffles,
    done: row.done,
    confirmedIn: row.confirmed_in,
    emergingMean: row.done === 0 ? null : row.emerged / row.done,
    outcomes: row.outcomes,
    position: row.position,
    seed: row.seed,
    durationMs: row.duration_ms,
    error: row.error,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

/** Milliseconds: in the year 2109. */
const LATER_THAN_ANY_CLOCK = 2 ** 42;

/** The event that tells readers how far a check is. */
export const progressEvent = (row: SelfCheckRow) =>
  ({
    type: 'self-check.progressed',
    key: row.id,
    // Grows with each shuffle and with the end; a time, which it was once, would not when the clock is set back.
    rev: LATER_THAN_ANY_CLOCK + 2 * row.done + (row.state === 'running' ? 0 : 1),
    value: toSelfCheckView(row),
  }) as const;
