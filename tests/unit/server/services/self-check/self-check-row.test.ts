import { expect, it } from 'vitest';
import { progressEvent, type SelfCheckRow } from '#lib/server/services/self-check/self-check-row.ts';

const row: SelfCheckRow = {
  id: 'c',
  workspace_id: 'w',
  state: 'running',
  created_by: 'Mira Costa',
  instance: null,
  seed: 7,
  shuffles: 3,
  done: 0,
  confirmed_in: 0,
  emerged: 0,
  outcomes: 0,
  position: 0,
  duration_ms: 0,
  error: null,
  created_at: new Date(0),
  updated_at: new Date(0),
  finished_at: null,
};

it.each(['done', 'cancelled', 'interrupted', 'failed'] as const)(
  'a self-check that is %s is newer than it was, also when the clock was set back meanwhile',
  (state) => {
    const [before, after] = [new Date('2026-03-01T12:00:00Z'), new Date('2026-03-01T11:00:00Z')];
    const told = [
      { ...row, updated_at: before },
      { ...row, done: 1, updated_at: before },
      { ...row, done: 2, updated_at: after },
      { ...row, done: state === 'done' ? 3 : 2, state, updated_at: after },
    ].map((one) => progressEvent(one).rev);
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
  },
);
