import type { TransactionSql } from '../../db/client.ts';
import type { OutcomeRow } from './outcome-row.ts';
import { reserveEntries } from './write-outcomes.ts';

/** What the log says of an outcome. */
export type LoggedFacts = Pick<OutcomeRow, 'result' | 'value' | 'attributes' | 'occurred_at'>;

/** Entries of the log that one change of an outcome wrote. */
export interface LoggedChange {
  /** The add that was taken back. */
  retracts: number | null;
  retractEntry: number | null;
  addEntry: number | null;
}

async function insertEntry(
  tx: TransactionSql,
  row: OutcomeRow,
  entry: { id: number; kind: 'add' | 'retract'; retracts: number | null; facts: LoggedFacts; now: Date },
  workspaceId: string,
): Promise<void> {
  await tx`
    insert into log_entries (id, workspace_id, kind, outcome_id, retracts, result, value, attributes, occurred_at, recorded_at)
    values (${entry.id}, ${workspaceId}, ${entry.kind}, ${row.id}, ${entry.retracts}, ${entry.facts.result},
      ${entry.facts.value}, ${tx.json(entry.facts.attributes)}, ${entry.facts.occurred_at}, ${entry.now})`;
}

/**
 * Appends what a change of an outcome means to the log: takes the facts back that `former` counts by, adds `next`.
 * A retract carries the facts of the add that it takes back, so that subtracting is exact.
 * @param former the outcome as it stands, locked; null when nothing of it counts now (deleted)
 * @returns the ids of the entries; the last of them is the entry that holds from now on
 */
export async function logChange(
  tx: TransactionSql,
  workspaceId: string,
  row: OutcomeRow,
  former: LoggedFacts | null,
  next: LoggedFacts | null,
): Promise<LoggedChange> {
  const { now, entryIds } = await reserveEntries(tx, 2);
  const [retractEntry = 0, addEntry = 0] = entryIds;
  if (former !== null) {
    await insertEntry(
      tx,
      row,
      { id: retractEntry, kind: 'retract', retracts: row.entry_id, facts: former, now },
      workspaceId,
    );
  }
  if (next !== null) {
    await insertEntry(tx, row, { id: addEntry, kind: 'add', retracts: null, facts: next, now }, workspaceId);
  }
  return {
    retracts: former === null ? null : row.entry_id,
    retractEntry: former === null ? null : retractEntry,
    addEntry: next === null ? null : addEntry,
  };
}
