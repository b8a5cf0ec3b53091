import { readTotals } from '#lib/domain/patterns/fold-image.ts';
import type { Sql } from '../db/client.ts';
import { coerceError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { FoldDifference } from '../db/schema/snapshots.ts';
import { compareFolds } from './compare-folds.ts';
import { beatCheck, beginCheck, endCheck, type CheckResult } from './check-store.ts';
import { emptyMemory } from './fold-memory.ts';
import type { FoldPool } from './fold-pool.ts';
import { FoldSteps } from './fold-steps.ts';
import { isKnown, readSettings } from './log-store.ts';
import { readLog, type ReadingPace } from './read-log.ts';
import { discardSnapshot, isOfDatabase, readSnapshot, type ReadSnapshot } from './snapshot-store.ts';

/** What a task of the refold takes at most, so that live work waits no longer (FINE-PRINT 10). */
const SLICE_MS = 20;
const MOST_ROWS = 2_000;
const BEAT_MS = 1_000;
/** Differences that are kept. */
const KEPT = 50;

export interface CheckOptions {
  sql: Sql;
  pool: FoldPool;
  workspaceId: string;
  logger: Logger;
  /** Throws to end the check. */
  check?: () => void;
  onProgress?: (position: number, checked: number) => void;
}

/**
 * Begins a check and carries it out: reads the log from its first entry to the position of the snapshot, at low
 * priority and with a memory of its own, and compares the two bit for bit. The result is stored.
 * @returns the id at once, and what it comes to; null while another check of this workspace runs
 */
export async function startCheck(
  options: CheckOptions,
  requestedBy: string,
): Promise<{ id: string; result: Promise<CheckResult> } | null> {
  const { sql, workspaceId } = options;
  const id = await beginCheck(sql, workspaceId, requestedBy);
  if (id === null) return null;
  return { id, result: carryOut(options, id) };
}

async function carryOut(options: CheckOptions, id: string): Promise<CheckResult> {
  const { sql, logger, workspaceId } = options;
  let at = { position: 0, checked: 0 };
  const beat = setInterval(() => {
    beatCheck(sql, id, at.position, at.checked).catch((thrown: unknown) => {
      logger.warn(
        { err: coerceError(thrown), workspace: workspaceId },
        'a check could not say how far it is',
      );
    });
  }, BEAT_MS);
  let result: CheckResult;
  try {
    result = await checkFold({
      ...options,
      onProgress: (position, checked) => {
        at = { position, checked };
        options.onProgress?.(position, checked);
      },
    });
  } catch (thrown) {
    result = { error: coerceError(thrown).message };
  } finally {
    clearInterval(beat);
  }
  await endCheck(sql, { id, workspaceId }, result);
  return result;
}

async function checkFold({
  sql,
  pool,
  workspaceId,
  check = () => undefined,
  onProgress,
}: CheckOptions): Promise<CheckResult> {
  let kept: ReadSnapshot | null;
  try {
    kept = await readSnapshot(sql, workspaceId, null);
  } catch (thrown) {
    if (!isOfDatabase(thrown)) await discardSnapshot(sql, workspaceId);
    throw thrown;
  }
  if (kept === null) return { error: 'There is no state of this version to compare with.' };
  const { memory, damage } = kept;
  const { position } = memory.space;
  onProgress?.(position, 0);
  const stored = await readSettings(sql, workspaceId, 0);
  const settings = stored.filter((one) => isKnown(one, position, memory.settingsSeen));
  const pace: ReadingPace = { rows: 100, ahead: MOST_ROWS };
  const refolded = await readLog(
    {
      sql,
      workspaceId,
      steps: new FoldSteps(pool),
      pace,
      check,
      onStep: ({ memory: done, foldMs }) => {
        pace.rows = Math.round(Math.min(MOST_ROWS, Math.max(10, pace.rows * changeOf(foldMs))));
        onProgress?.(position, done.space.position);
      },
    },
    emptyMemory(
      memory.image.layout,
      settings.map(({ entry }) => entry),
    ),
    position,
  );
  const differences = [...damaged(damage), ...(await compareFolds(memory, refolded.memory))];
  // The bytes in the database are not what was written: the next snapshot must not build on them.
  if (damage.length > 0) await discardSnapshot(sql, workspaceId);
  const { n, neutral } = readTotals(refolded.memory.image);
  return { position, outcomes: n + neutral, differences: differences.slice(0, KEPT) };
}

const changeOf = (foldMs: number) => Math.min(2, Math.max(0.5, SLICE_MS / Math.max(foldMs, 0.1)));

function damaged(damage: readonly string[]): FoldDifference[] {
  if (damage.length === 0) return [];
  return [{ part: 'snapshot', section: 'bytes', count: damage.length, where: damage.slice(0, 5) }];
}
