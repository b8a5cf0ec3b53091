import type { Sql } from '../db/client.ts';
import type { FoldMemory } from './fold-memory.ts';
import type { Folded, FoldSteps } from './fold-steps.ts';
import { readEntries, type StoredSetting } from './log-store.ts';

/** Rows folded in one task, and read at once. A task gives way to live work only when it ends. */
export interface ReadingPace {
  rows: number;
  ahead: number;
}

/** Nobody waits for anything else while a log is read for the first time. */
export const FIRST_READING: ReadingPace = { rows: 5_000, ahead: 20_000 };

export interface LogReading {
  sql: Sql;
  workspaceId: string;
  steps: FoldSteps;
  pace: ReadingPace;
  /** Called before each task; throws to end the reading. */
  check: () => void;
  /** Called after each task. */
  onStep?: (folded: Folded) => void;
}

/**
 * Carries a memory that knows every setting on to `through`, at low priority: how a log is read anew.
 */
export async function readLog(
  { sql, workspaceId, steps, pace, check, onStep }: LogReading,
  from: FoldMemory,
  through: number,
): Promise<{ memory: FoldMemory }> {
  let memory = from;
  while (memory.space.position < through) {
    const after = memory.space.position;
    const entries = await readEntries(sql, workspaceId, after, Math.min(through, after + pace.ahead));
    if (entries.length === 0) throw new Error(`The log has no entry at position ${after + 1}.`);
    for (let at = 0; at < entries.length;) {
      check();
      const { rows } = pace;
      const batch = { entries: entries.slice(at, at + rows), settings: [], priority: 'background' } as const;
      const folded = await steps.fold(memory, batch);
      memory = folded.memory;
      onStep?.(folded);
      at += rows;
    }
  }
  return { memory };
}

/**
 * Settings that take effect up to `through`, taken from the front of `settings`, which are in the order of effect.
 */
export function takeDue(settings: StoredSetting[], through: number): StoredSetting[] {
  const next = settings.findIndex(({ entry }) => entry.effectiveAfter > through);
  return settings.splice(0, next === -1 ? settings.length : next);
}
